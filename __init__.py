"""CRM sync as code: rules that read like sentences, proved before a record moves."""

__version__ = "0.1.0"
