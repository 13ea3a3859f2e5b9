"""The S3 destination of a stream, read from a request and shown again; what is not served is refused."""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.companions.firehose.errors import invalid, unsupported
from hatobin.companions.firehose.model import DEFAULT_INTERVAL_S, DEFAULT_SIZE_MB, DIRECT_PUT, S3Destination
from hatobin.companions.firehose.object_names import InvalidPrefix, check_prefix, object_key
from hatobin.gateway.models.firehose import (
    BufferingHints,
    CloudWatchLoggingOptions,
    CreateDeliveryStreamInput,
    DestinationDescription,
    EncryptionConfiguration,
    ExtendedS3DestinationConfiguration,
    ExtendedS3DestinationDescription,
    S3DestinationConfiguration,
    S3DestinationDescription,
)
from hatobin.protocols.aws.s3.addressing import check_key
from hatobin.words.errors import CallerError

DESTINATION_ID = "destinationId-000000000001"

_UNSUPPORTED = {
    "kinesis_stream_source_configuration": "KinesisStreamSourceConfiguration",
    "direct_put_source_configuration": "DirectPutSourceConfiguration",
    "delivery_stream_encryption_configuration_input": "DeliveryStreamEncryptionConfigurationInput",
    "redshift_destination_configuration": "RedshiftDestinationConfiguration",
    "elasticsearch_destination_configuration": "ElasticsearchDestinationConfiguration",
    "amazonopensearchservice_destination_configuration": "AmazonopensearchserviceDestinationConfiguration",
    "splunk_destination_configuration": "SplunkDestinationConfiguration",
    "http_endpoint_destination_configuration": "HttpEndpointDestinationConfiguration",
    "amazon_open_search_serverless_destination_configuration": "AmazonOpenSearchServerlessDestinationConfiguration",
    "msk_source_configuration": "MSKSourceConfiguration",
    "snowflake_destination_configuration": "SnowflakeDestinationConfiguration",
    "iceberg_destination_configuration": "IcebergDestinationConfiguration",
    "database_source_configuration": "DatabaseSourceConfiguration",
}
_UUID_CHARACTERS = 36


def read_destination(request: CreateDeliveryStreamInput) -> S3Destination:
    """Read the one destination of a new stream. Raises InvalidArgumentException."""
    if request.delivery_stream_type not in (None, DIRECT_PUT):
        raise unsupported(f"DeliveryStreamType {request.delivery_stream_type}")
    _refuse(request, _UNSUPPORTED)
    extended, plain = request.extended_s3_destination_configuration, request.s3_destination_configuration
    if (extended is None) == (plain is None):
        raise invalid("Exactly one destination configuration is supported for a Firehose")
    if extended is not None:
        _refuse_extended(extended)
        given: ExtendedS3DestinationConfiguration | S3DestinationConfiguration = extended
    else:
        assert plain is not None, "one of the two is there"
        given = plain
    size_mb, interval_s = _hints(given.buffering_hints)
    compression = given.compression_format or "UNCOMPRESSED"
    if compression != "UNCOMPRESSED" and compression != "GZIP":
        raise unsupported(f"CompressionFormat {compression}")
    if given.encryption_configuration is not None and given.encryption_configuration.kms_encryption_config is not None:
        raise unsupported("EncryptionConfiguration with a key")
    destination = S3Destination(
        role_arn=given.role_arn,
        bucket_arn=given.bucket_arn,
        prefix=given.prefix,
        error_prefix=given.error_output_prefix,
        size_mb=size_mb,
        interval_s=interval_s,
        compression=compression,
        logging=_logging(given.cloud_watch_logging_options),
    )
    _check_names(destination, request.delivery_stream_name)
    return destination


def described(destination: S3Destination) -> DestinationDescription:
    """Show a destination as DescribeDeliveryStream does: plain, and extended."""
    plain = S3DestinationDescription(
        role_arn=destination.role_arn,
        bucket_arn=destination.bucket_arn,
        prefix=destination.prefix,
        error_output_prefix=destination.error_prefix,
        buffering_hints=BufferingHints(size_in_m_bs=destination.size_mb, interval_in_seconds=destination.interval_s),
        compression_format=destination.compression,
        encryption_configuration=EncryptionConfiguration(no_encryption_config="NoEncryption"),
        cloud_watch_logging_options=_shown_logging(destination.logging),
    )
    extended = ExtendedS3DestinationDescription(
        role_arn=plain.role_arn,
        bucket_arn=plain.bucket_arn,
        prefix=plain.prefix,
        error_output_prefix=plain.error_output_prefix,
        buffering_hints=plain.buffering_hints,
        compression_format=plain.compression_format,
        encryption_configuration=plain.encryption_configuration,
        cloud_watch_logging_options=plain.cloud_watch_logging_options,
        s3_backup_mode="Disabled",
    )
    return DestinationDescription(
        destination_id=DESTINATION_ID,
        s3_destination_description=plain,
        extended_s3_destination_description=extended,
    )


def _refuse(given: object, unsupported_members: Mapping[str, str]) -> None:
    for member, name in unsupported_members.items():
        if getattr(given, member) is not None:
            raise unsupported(name)


def _refuse_extended(given: ExtendedS3DestinationConfiguration) -> None:
    """Let pass what says that it is off, as many tools write it."""
    for name, part in (
        ("ProcessingConfiguration", given.processing_configuration),
        ("DynamicPartitioningConfiguration", given.dynamic_partitioning_configuration),
    ):
        if part is not None and part.enabled:
            raise unsupported(name)
    conversion = given.data_format_conversion_configuration
    if conversion is not None and conversion.enabled is not False:
        raise unsupported("DataFormatConversionConfiguration")
    if given.s3_backup_mode == "Enabled" or given.s3_backup_configuration is not None:
        raise unsupported("S3BackupMode Enabled")
    if given.file_extension:
        raise unsupported("FileExtension")
    if given.custom_time_zone not in (None, "", "UTC"):
        raise unsupported(f"CustomTimeZone {given.custom_time_zone}")


def _hints(hints: BufferingHints | None) -> tuple[int, int]:
    size_mb = None if hints is None else hints.size_in_m_bs
    interval_s = None if hints is None else hints.interval_in_seconds
    # API reference, BufferingHints: "if you specify one you must also provide the other".
    if (size_mb is None) != (interval_s is None):
        raise invalid("BufferingHints needs both SizeInMBs and IntervalInSeconds, or neither.")
    if size_mb is None or interval_s is None:
        return DEFAULT_SIZE_MB, DEFAULT_INTERVAL_S
    return size_mb, interval_s


def _check_names(destination: S3Destination, stream_name: str) -> None:
    prefix = destination.prefix or ""
    try:
        check_prefix(prefix, destination.error_prefix)
        check_key(
            object_key(
                prefix, stream_name, at=0.0, unique="0" * _UUID_CHARACTERS, is_compressed=destination.is_compressed
            )
        )
    except InvalidPrefix as error:
        raise invalid(str(error)) from None
    except CallerError:
        raise invalid("Prefix gives keys that no object can have: they are too long, or have a NUL.") from None


def _logging(options: CloudWatchLoggingOptions | None) -> tuple[bool, str | None, str | None] | None:
    if options is None:
        return None
    return bool(options.enabled), options.log_group_name, options.log_stream_name


def _shown_logging(stored: tuple[bool, str | None, str | None] | None) -> CloudWatchLoggingOptions:
    enabled, group, stream = stored or (False, None, None)
    return CloudWatchLoggingOptions(enabled=enabled, log_group_name=group, log_stream_name=stream)
