"""The certificate 数字保单证书 of one policy (row 8): a page that verifies itself against the chain.

:func:`write_certificate` draws it from a run's folder. :mod:`facts` gathers the holder's document and what the chain
proves of it, :mod:`ornament` draws its border and its seal, :mod:`page` puts both into one file, whose script works
out every hash and signature again from what the page shows.
"""

from scenarios.results.certificate.facts import CertificateError, PolicyFacts, gather
from scenarios.results.certificate.page import render, write_certificate

__all__ = ["CertificateError", "PolicyFacts", "gather", "render", "write_certificate"]
