"""Jobs, for the tests of isolation."""

from __future__ import annotations

from tests.api.resource import Resource

JOB_RESOURCES: dict[str, Resource] = {
    "import job": Resource(
        ("CreateImportJob",),
        (
            (
                "sesv2",
                "create_import_job",
                {
                    "ImportDestination": {"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}},
                    "ImportDataSource": {"S3Url": "s3://lists/file", "DataFormat": "CSV"},
                },
            ),
        ),
        ("sesv2", "list_import_jobs", {}),
        (),
        (("sesv2", "list_import_jobs", {}),),
    ),
    "export job": Resource(
        ("CreateExportJob",),
        (
            ("sesv2", "put_account_vdm_attributes", {"VdmAttributes": {"VdmEnabled": "ENABLED"}}),
            (
                "sesv2",
                "create_export_job",
                {
                    "ExportDataSource": {"MessageInsightsDataSource": {"StartDate": 0, "EndDate": 1}},
                    "ExportDestination": {"DataFormat": "CSV"},
                },
            ),
        ),
        ("sesv2", "list_export_jobs", {}),
        (),
        (("sesv2", "list_export_jobs", {}),),
    ),
}
