"""`hatobin trust`: where the local CA is, and how clients come to trust it."""

from __future__ import annotations

from pathlib import Path

import click

from hatobin.adapters.clock import SystemClock
from hatobin.app.certificates import ensure_certificates
from hatobin.app.cli.options import print_json, read_settings, store_options

_LINES = {
    "Python smtplib": "ssl.create_default_context(cafile={ca!r})",
    "Python, requests, boto3": "export SSL_CERT_FILE={ca} REQUESTS_CA_BUNDLE={ca} AWS_CA_BUNDLE={ca}",
    "Django": "export SSL_CERT_FILE={ca}   # before manage.py; EMAIL_USE_TLS = True",
    "Rails": "config.action_mailer.smtp_settings = {{ …, ca_file: '{ca}' }}",
    "nodemailer, Node": "export NODE_EXTRA_CA_CERTS={ca}",
    "PHP": "php -d openssl.cafile={ca} …",
    "Java": "keytool -importcert -alias hatobin -file {ca} -keystore truststore.jks",
    "curl, swaks": "curl --cacert {ca} …;  swaks --tls-ca-path {ca} …",
}


@click.command()
@store_options
def trust(config: str | None, data: Path | None, as_json: bool) -> None:
    """Print the path of the local CA certificate, and the line to trust it for common clients."""
    settings, folder = read_settings(config, data)
    folder.prepare()
    made = ensure_certificates(
        folder.tls,
        names=settings.tls.names,
        service_domain=settings.service.domain,
        now_s=SystemClock().now(),
    )
    ca = str(made.authority.certificate)
    lines = {client: line.format(ca=ca) for client, line in _LINES.items()}
    if as_json:
        print_json({"ca": ca, "clients": lines})
        return
    click.echo(ca)
    for client, line in lines.items():
        click.echo(f"\n# {client}\n{line}")
