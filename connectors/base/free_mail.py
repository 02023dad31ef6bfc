"""Domains under which anybody can have an address, so that they say nothing of a company.

Data alone: those of the large mail providers, for every system and connector. A project adds its
own under `[team] free_mail`; who looks for the account of a domain is the engine.
"""

from __future__ import annotations

_LISTED = """
gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.de hotmail.es hotmail.fr
hotmail.it hotmail.nl hotmail.be hotmail.ca hotmail.com.br live.com live.co.uk live.de live.fr
live.nl live.se live.no live.dk live.ca live.com.au live.it live.be msn.com passport.com
outlook.de outlook.fr outlook.es outlook.it outlook.co.uk outlook.com.br outlook.jp
windowslive.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.ca yahoo.com.au
yahoo.com.br yahoo.com.mx yahoo.com.ar yahoo.co.in yahoo.in yahoo.co.jp yahoo.com.sg
yahoo.com.ph yahoo.co.id yahoo.com.vn yahoo.com.tr yahoo.ie yahoo.se yahoo.no yahoo.dk yahoo.nl
yahoo.pl yahoo.gr ymail.com rocketmail.com myyahoo.com icloud.com me.com mac.com aol.com
aol.co.uk aol.de aol.fr aim.com proton.me protonmail.com protonmail.ch pm.me tutanota.com
tutanota.de tutamail.com tuta.io hushmail.com mailfence.com posteo.de posteo.net mailbox.org
startmail.com gmx.com gmx.de gmx.net gmx.at gmx.ch gmx.co.uk gmx.fr gmx.us web.de freenet.de
t-online.de arcor.de email.de mail.de online.de mail.com email.com usa.com post.com europe.com
consultant.com engineer.com inbox.com fastmail.com fastmail.fm zoho.com zohomail.com zohomail.eu
hey.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it
tiscali.it alice.it tin.it terra.es telefonica.net sapo.pt mail.pt btinternet.com
btopenworld.com talktalk.net sky.com virginmedia.com ntlworld.com blueyonder.co.uk tiscali.co.uk
ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl hetnet.nl telenet.be skynet.be proximus.be
bluewin.ch sunrise.ch hispeed.ch aon.at chello.at utanet.at telia.com spray.se bredband.net
online.no mail.dk jubii.dk wp.pl o2.pl onet.pl op.pl interia.pl interia.eu poczta.fm gazeta.pl
seznam.cz email.cz centrum.cz post.cz atlas.cz azet.sk centrum.sk zoznam.sk freemail.hu
citromail.hu abv.bg mail.bg mail.ru yandex.ru yandex.com ya.ru rambler.ru bk.ru inbox.ru list.ru
ukr.net i.ua meta.ua qq.com 163.com 126.com sina.com sina.cn sohu.com foxmail.com yeah.net
139.com 189.cn aliyun.com naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp
softbank.ne.jp rediffmail.com sify.com uol.com.br bol.com.br terra.com.br ig.com.br globo.com
walla.com walla.co.il mynet.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net
cox.net charter.net earthlink.net juno.com netzero.net optonline.net frontier.com windstream.net
centurylink.net roadrunner.com rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca
bigpond.com bigpond.net.au optusnet.com.au iinet.net.au xtra.co.nz mailinator.com
guerrillamail.com yopmail.com 10minutemail.com
"""

FREE_MAIL = frozenset(_LISTED.split())
"""In lower case, without `www.`."""
