"""The servers on which errors are provoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hatobin.app import operations
from hatobin.ports import Session
from hatobin.words.settings import Account, Lambda, Settings
from tests.api.certificates import CERTIFICATE, put_certificate
from tests.api.cloudwatch_resources import ALARM
from tests.api.function_resources import GROUP, STATEMENT, STREAM
from tests.api.functions import TRUST as FUNCTION_TRUST
from tests.api.functions import packed
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.iam_resources import TRUST
from tests.api.resources import POLICY, VERIFICATION
from tests.modelled_errors import access, destinations, functions
from tests.modelled_errors.provocation import PLAIN, needed

EXPORT = {
    "ExportDataSource": {"MessageInsightsDataSource": {"StartDate": 0, "EndDate": 1}},
    "ExportDestination": {"DataFormat": "CSV"},
}
Clients = Mapping[str, Any]
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"
DESTINATION = {
    "Enabled": True,
    "MatchingEventTypes": ["SEND"],
    "SnsDestination": {"TopicArn": TOPIC},
}


def _plain(api: Api, clients: Clients) -> None:
    """Make one of each resource."""
    v2, sns, sqs = clients["sesv2"], clients["sns"], clients["sqs"]
    sns.create_topic(Name="events")
    queue = sqs.create_queue(QueueName="mail", Attributes={"DelaySeconds": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="Hello")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)
    v2.create_email_identity(EmailIdentity="example.com")
    put_certificate(api)
    v2.associate_email_identity_certificate(
        EmailIdentity="example.com", FromAddress="ann@example.com", CertificateArn=CERTIFICATE
    )
    v2.create_email_identity_policy(EmailIdentity="example.com", PolicyName="p", Policy=POLICY)
    v2.create_configuration_set(ConfigurationSetName="cs")
    v2.create_configuration_set_event_destination(
        ConfigurationSetName="cs", EventDestinationName="d", EventDestination=DESTINATION
    )
    v2.create_configuration_set(ConfigurationSetName="tracked", TrackingOptions={"CustomRedirectDomain": "example.com"})
    v2.create_configuration_set(ConfigurationSetName="off", SendingOptions={"SendingEnabled": False})
    v2.create_contact_list(ContactListName="news")
    v2.create_contact(ContactListName="news", EmailAddress="bob@example.net")
    v2.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi {{name}}", "Text": "Hello"})
    v2.create_custom_verification_email_template(**VERIFICATION)
    v2.create_multi_region_endpoint(EndpointName="global", Details={"RoutesDetails": [{"Region": "eu-west-1"}]})
    v2.create_import_job(
        ImportDestination={"ContactListDestination": {"ContactListName": "news", "ContactListImportAction": "PUT"}},
        ImportDataSource={"S3Url": "s3://lists/file", "DataFormat": "CSV"},
    )
    v2.create_tenant(TenantName="acme")
    v2.create_tenant_resource_association(
        TenantName="acme", ResourceArn=f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/cs"
    )
    clients["firehose"].create_delivery_stream(
        DeliveryStreamName="mail",
        S3DestinationConfiguration=destinations.BUCKET,
        Tags=[{"Key": "kind", "Value": "stream"}],
    )
    clients["events"].put_rule(Name="app", EventPattern=destinations.PATTERN)
    _plain_access(clients["iam"])
    _plain_functions(clients)


def _plain_functions(clients: Clients) -> None:
    clients["iam"].create_role(RoleName="mail", AssumeRolePolicyDocument=FUNCTION_TRUST)
    clients["lambda"].create_function(**{**functions.NEW, "FunctionName": "f"})
    clients["lambda"].add_permission(FunctionName="f", **STATEMENT)
    clients["logs"].create_log_group(**GROUP)
    clients["logs"].create_log_stream(**GROUP, **STREAM)


def _plain_access(iam: Any) -> None:
    """Make a user and a role of one name, and give both all that they may have."""
    iam.create_user(UserName="app", Tags=[{"Key": "kind", "Value": "user"}])
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "kind", "Value": "role"}])
    for _ in range(2):
        iam.create_access_key(UserName="app")
    for arn in access.ATTACHED:
        iam.attach_user_policy(UserName="app", PolicyArn=arn)
        iam.attach_role_policy(RoleName="app", PolicyArn=arn)


def _paused(api: Api, clients: Clients) -> None:
    _plain(api, clients)
    clients["sesv2"].put_account_sending_attributes(SendingEnabled=False)


def _mail_from(api: Api, clients: Clients) -> None:
    """Let the MAIL FROM domain of the sender wait for a record that does not come, while all else is verified."""
    _plain(api, clients)
    clients["sesv2"].put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com", BehaviorOnMxFailure="REJECT_MESSAGE"
    )
    pending = "UPDATE identities SET mail_from_status = 'PENDING'"
    api.run(api.world.database.write(lambda session: session.execute(pending)))


def _lost_sender(api: Api, clients: Clients) -> None:
    """Have a verification mail whose sender is no identity any more."""
    _plain(api, clients)
    clients["sesv2"].delete_email_identity(EmailIdentity="example.com")


def _overtaken(api: Api, clients: Clients) -> None:
    """Lose the sender between the look at the template and the acceptance of the mail, as another node may do."""
    _plain(api, clients)
    database = api.world.database
    write = database.write

    async def overtaken(work: Callable[[Session], Any], **how: Any) -> Any:
        await write(lambda session: session.execute("UPDATE identities SET status = 'FAILED'"))
        try:
            return await write(work, **how)
        finally:
            await write(lambda session: session.execute("UPDATE identities SET status = 'SUCCESS'"))

    api.world.database.write = overtaken  # type: ignore[method-assign]


def _reviewed(api: Api, clients: Clients) -> None:
    """Ask for production access, so that the request is under review."""
    _plain(api, clients)
    clients["sesv2"].put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )


def _full(api: Api, clients: Clients) -> None:
    """Fill what can be full, by copying one row of each kind."""
    _plain(api, clients)
    ses = clients["sesv2"]
    for number in range(9):
        ses.create_configuration_set_event_destination(
            ConfigurationSetName="cs", EventDestinationName=f"d{number}", EventDestination=DESTINATION
        )
    for number in range(19):
        ses.create_email_identity_policy(EmailIdentity="example.com", PolicyName=f"p{number}", Policy=POLICY)
    for number in range(49):
        ses.create_custom_verification_email_template(**{**VERIFICATION, "TemplateName": f"w{number}"})
    clients["sesv2"].put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
    clients["sesv2"].create_export_job(**EXPORT)
    clients["cloudwatch"].put_metric_alarm(**ALARM)
    for number in range(9):
        arn = f"{TOPIC}{'x' * (1990 if number else 1950)}"
        clients["lambda"].add_permission(
            **{**STATEMENT, "FunctionName": "f", "StatementId": f"s{number}", "SourceArn": arn}
        )
    clients["lambda"].create_function(**{**functions.NEW, "FunctionName": "big"})
    size = "UPDATE lambda_function SET code_size = 2147483400 WHERE function_name = 'big'"
    api.run(api.world.database.write(lambda session: session.execute(size)))
    clients["sns"].subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=TOPIC.replace("sns", "sqs"))
    for table, columns, many in (
        ("configuration_sets", ("name",), 10_000),
        ("identities", ("identity_key",), 10_000),
        ("templates", ("name",), 20_000),
        ("tenants", ("name",), 10_000),
        ("multi_region_endpoints", ("name",), 100),
        ("import_jobs", ("job_id",), 20),
        ("export_jobs", ("job_id",), 20),
        ("sns_subscription", ("subscription_id",), 10_000),
        ("iam_user", ("name_key", "user_id"), 5_000),
        ("cloudwatch_alarm", ("name",), 5_000),
        ("iam_role", ("name_key", "role_id"), 1_000),
        ("firehose_stream", ("stream_name",), 5_000),
        ("eventbridge_rule", ("rule_name",), 300),
        ("logs_stream", ("stream_name",), 10_000),
        ("logs_group", ("group_name",), 10_000),
    ):
        api.run(api.world.database.write(lambda s, t=table, c=columns, n=many: _copies(s, t, c, range(n))))


def _copies(session: Session, table: str, columns: tuple[str, ...], numbers: Iterable[int]) -> None:
    row = session.execute(f"SELECT * FROM {table} LIMIT 1")[0]
    names = [name for (name,) in _columns(session, table)]
    whole = dict(zip(names, row, strict=True))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    session.many(statement, [{**whole, **dict.fromkeys(columns, f"copy{number}.example")} for number in numbers])


def _columns(session: Session, table: str) -> list[Any]:
    if session.dialect == "sqlite":
        return session.execute("SELECT name FROM pragma_table_info(:table) ORDER BY cid", {"table": table})
    return session.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :table ORDER BY ordinal_position",
        {"table": table},
    )


def _rationed(api: Api, clients: Clients) -> None:
    """Let every operation have its one call, whatever it says; the next would be a quarter of an hour later."""
    ses = clients["sesv2"]
    for method, operation in ses.meta.method_to_api_mapping.items():
        if ("sesv2", operation) in operations.handlers() and not operation.startswith("Send"):
            try:
                getattr(ses, method)(**needed("sesv2", operation))
            except ClientError:
                pass  # Nothing of the kind is there; the call counted all the same.


def _busy(api: Api, clients: Clients) -> None:
    """Let one asynchronous invocation, which fails, wait for its next attempt."""
    _plain(api, clients)
    failing = packed(app="def handle(event, context):\n    raise ValueError\n")
    clients["lambda"].update_function_code(FunctionName="f", ZipFile=failing)
    clients["lambda"].invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")


STAGES: dict[str, tuple[Settings, Callable[[Api, Clients], None]]] = {
    PLAIN: (Settings(), _plain),
    "paused": (Settings(), _paused),
    "mail from": (Settings(), _mail_from),
    "sandbox": (Settings(account=Account(sandbox=True, max_send_rate=-1.0)), _plain),
    "reviewed": (Settings(account=Account(sandbox=True)), _reviewed),
    "spent": (Settings(account=Account(max_send_rate=-1.0, max_24_hour_send=0)), _plain),
    "full": (Settings(), _full),
    "lost sender": (Settings(), _lost_sender),
    "rationed": (Settings(account=Account(max_api_rate=0.001)), _rationed),
    "overtaken": (Settings(), _overtaken),
    "busy": (Settings(lambda_=Lambda(max_queued=1)), _busy),
}
