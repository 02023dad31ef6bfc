"""The crash sweep: small stories in which a run dies at every commit, request and reply, and twice.

`scene.py` is where a story plays, `stories.py` has what happens, `settings.py` what is so
meanwhile, and `play.py` lets a run die and says what is wrong afterwards.
"""
