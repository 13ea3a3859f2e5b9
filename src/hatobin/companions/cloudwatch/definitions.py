"""What an alarm may be asked to be. Pure.

Refs: API reference, PutMetricAlarm; user guide, "Using Amazon CloudWatch alarms".
"""

from __future__ import annotations

import math

from hatobin.companions.cloudwatch.alarms import OPERATORS
from hatobin.companions.cloudwatch.errors import invalid_value, validation_error
from hatobin.companions.cloudwatch.measurements import check_dimensions
from hatobin.companions.cloudwatch.model import DAY_S, HOUR_S, MINUTE_S
from hatobin.companions.cloudwatch.queries import Queries, read_queries
from hatobin.companions.cloudwatch.statistics import PLAIN, read_statistic
from hatobin.gateway.models import cloudwatch as models
from hatobin.protocols.aws.arn import parse_arn

_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
_LOW_SAMPLES = ("evaluate", "ignore")
MAX_TAGS = 50
# What CloudWatch has since 2025 and before, and is not served here.
_NOT_SERVED = (
    *("threshold_metric_id", "evaluation_window", "warm_up_configuration", "evaluation_criteria"),
    *("evaluation_interval", "action_configuration"),
)


def check_definition(given: models.PutMetricAlarmInput, account_id: str, region: str) -> None:
    """Check a definition. Raises `CallerError`."""
    for name in _NOT_SERVED:
        if getattr(given, name) is not None:
            wire = "".join(part.capitalize() for part in name.split("_"))
            raise validation_error(f"{wire} is not served here.")
    if given.comparison_operator not in OPERATORS:
        raise validation_error(
            "Anomaly detection is not served; ComparisonOperator must be one of the four that compare with Threshold."
            if given.comparison_operator
            else "The parameter ComparisonOperator is required."
        )
    if given.threshold is None:
        raise validation_error("The parameter Threshold is required.")
    if not math.isfinite(given.threshold):
        raise validation_error("Threshold must be a number.")
    _check_treatment(given)
    period = _check_metric(given) if not given.metrics else _check_queries(given)
    _check_periods(given, period)
    for arn in {*(given.ok_actions or ()), *(given.alarm_actions or ()), *(given.insufficient_data_actions or ())}:
        _check_action(arn, account_id, region)
    if len(given.tags or ()) > MAX_TAGS:
        raise validation_error(f"An alarm can have up to {MAX_TAGS} tags.")


def _check_treatment(given: models.PutMetricAlarmInput) -> None:
    if given.treat_missing_data not in (None, *_TREATMENTS):
        raise validation_error(
            f"The value {given.treat_missing_data} is not supported for TreatMissingData parameter."
            f" Supported values are [{', '.join(_TREATMENTS)}]."
        )
    if given.evaluate_low_sample_count_percentile not in (None, *_LOW_SAMPLES):
        raise validation_error(
            f"Option {given.evaluate_low_sample_count_percentile} is not supported. Supported options for parameter"
            " EvaluateLowSampleCountPercentile are evaluate and ignore."
        )


def _check_metric(given: models.PutMetricAlarmInput) -> int:
    """Check an alarm on one metric; give its period."""
    for name in ("metric_name", "namespace", "period"):
        if getattr(given, name) is None:
            wire = "".join(part.capitalize() for part in name.split("_"))
            raise validation_error(f"The parameter {wire} is required unless Metrics is given.")
    if (given.statistic is None) == (given.extended_statistic is None):
        raise validation_error("Exactly one of Statistic and ExtendedStatistic must be given.")
    extended = given.extended_statistic
    if extended is not None and (read_statistic(extended) is None or extended in PLAIN):
        raise invalid_value(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    check_dimensions(given.dimensions, "Dimensions")
    return given.period or MINUTE_S


def _check_queries(given: models.PutMetricAlarmInput) -> int:
    """Check an alarm on arithmetic; give its period."""
    alone = ("metric_name", "namespace", "period", "statistic", "extended_statistic", "dimensions", "unit")
    if any(getattr(given, name) for name in alone):
        raise validation_error("Metrics and the parameters of one metric are mutually exclusive.")
    queries: Queries = read_queries(given.metrics or [], limit=20)
    if sum(query.is_returned for query in queries.all) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    return queries.period


def _check_periods(given: models.PutMetricAlarmInput, period: int) -> None:
    if period % MINUTE_S:
        # Deviates: CloudWatch also takes 10, 20 and 30 for metrics of high resolution.
        raise validation_error("Period must be a multiple of 60: what is measured is kept to the minute.")
    if given.evaluation_periods is None:
        raise validation_error("The parameter EvaluationPeriods is required.")
    if (given.datapoints_to_alarm or 1) > given.evaluation_periods:
        raise validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    longest = DAY_S if period < HOUR_S else 7 * DAY_S
    if period * given.evaluation_periods > longest:
        span = "a day" if longest == DAY_S else "7 days"
        raise validation_error(
            f"Metrics cannot be checked across more than {span} (EvaluationPeriods * Period must be <= {longest})."
        )


def _check_action(text: str, account_id: str, region: str) -> None:
    arn = parse_arn(text)
    if arn is None:
        raise validation_error(f"Invalid arn syntax: {text}")
    if arn.service != "sns":
        raise validation_error(f"Only topics of SNS are served as actions: {text}")
    if arn.region != region:
        raise validation_error(f"Invalid region {arn.region} specified. Only {region} is supported.")
    if arn.account_id != account_id:
        # Deviates: another account's topic could allow it by its policy.
        raise validation_error(f"The topic must be one of this account: {text}")
