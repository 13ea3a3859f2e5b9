"""Which operations belong together, for the coverage page: the concepts of SES, not the alphabet."""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "sesv2": {
        "sending": "SendBulkEmail SendEmail",
        "VDM, metrics, insights, recommendations": (
            "BatchGetMetricData GetEmailAddressInsights GetMessageInsights ListRecommendations"
        ),
        "account": (
            "GetAccount PutAccountDedicatedIpWarmupAttributes PutAccountDeliveryAttributes PutAccountDetails "
            "PutAccountPricingAttributes PutAccountSendingAttributes PutAccountSuppressionAttributes "
            "PutAccountVdmAttributes"
        ),
        "configuration sets": (
            "CreateConfigurationSet DeleteConfigurationSet GetConfigurationSet ListConfigurationSets "
            "PutConfigurationSetArchivingOptions PutConfigurationSetDeliveryOptions "
            "PutConfigurationSetReputationOptions PutConfigurationSetSendingOptions "
            "PutConfigurationSetSuppressionOptions PutConfigurationSetTrackingOptions "
            "PutConfigurationSetVdmOptions UpdateConfigurationSet"
        ),
        "contact lists and contacts": (
            "CreateContact CreateContactList DeleteContact DeleteContactList GetContact GetContactList "
            "ListContactLists ListContacts UpdateContact UpdateContactList"
        ),
        "custom verification": (
            "CreateCustomVerificationEmailTemplate DeleteCustomVerificationEmailTemplate "
            "GetCustomVerificationEmailTemplate ListCustomVerificationEmailTemplates SendCustomVerificationEmail "
            "UpdateCustomVerificationEmailTemplate"
        ),
        "dedicated IPs and pools": (
            "CreateDedicatedIpPool DeleteDedicatedIpPool GetDedicatedIp GetDedicatedIpPool GetDedicatedIps "
            "ListDedicatedIpPools PutDedicatedIpInPool PutDedicatedIpPoolScalingAttributes "
            "PutDedicatedIpWarmupAttributes"
        ),
        "deliverability dashboard": (
            "CreateDeliverabilityTestReport GetBlacklistReports GetDeliverabilityDashboardOptions "
            "GetDeliverabilityTestReport GetDomainDeliverabilityCampaign GetDomainStatisticsReport "
            "ListDeliverabilityTestReports ListDomainDeliverabilityCampaigns PutDeliverabilityDashboardOption"
        ),
        "event destinations": (
            "CreateConfigurationSetEventDestination DeleteConfigurationSetEventDestination "
            "GetConfigurationSetEventDestinations UpdateConfigurationSetEventDestination"
        ),
        "export jobs": "CancelExportJob CreateExportJob GetExportJob ListExportJobs",
        "identities": (
            "CreateEmailIdentity DeleteEmailIdentity GetEmailIdentity ListEmailIdentities "
            "PutEmailIdentityConfigurationSetAttributes PutEmailIdentityDkimAttributes "
            "PutEmailIdentityDkimSigningAttributes PutEmailIdentityFeedbackAttributes "
            "PutEmailIdentityMailFromAttributes"
        ),
        "identity certificates (S/MIME)": (
            "AssociateEmailIdentityCertificate DisassociateEmailIdentityCertificate ListEmailIdentityCertificates"
        ),
        "import jobs": "CreateImportJob GetImportJob ListImportJobs",
        "multi-region endpoints": (
            "CreateMultiRegionEndpoint DeleteMultiRegionEndpoint GetMultiRegionEndpoint ListMultiRegionEndpoints"
        ),
        "reputation entities": (
            "GetReputationEntity ListReputationEntities UpdateReputationEntityCustomerManagedStatus "
            "UpdateReputationEntityPolicy"
        ),
        "sending authorization policies": (
            "CreateEmailIdentityPolicy DeleteEmailIdentityPolicy GetEmailIdentityPolicies UpdateEmailIdentityPolicy"
        ),
        "suppression": (
            "DeleteSuppressedDestination GetSuppressedDestination ListSuppressedDestinations PutSuppressedDestination"
        ),
        "tags": "ListTagsForResource TagResource UntagResource",
        "templates": (
            "CreateEmailTemplate DeleteEmailTemplate GetEmailTemplate ListEmailTemplates TestRenderEmailTemplate "
            "UpdateEmailTemplate"
        ),
        "tenants": (
            "CreateTenant CreateTenantResourceAssociation DeleteTenant DeleteTenantResourceAssociation GetTenant "
            "ListResourceTenants ListTenantResources ListTenants PutTenantSuppressionAttributes"
        ),
    },
    "ses": {
        "sending": "SendBounce SendBulkTemplatedEmail SendEmail SendRawEmail SendTemplatedEmail",
        "account and quota": "GetAccountSendingEnabled GetSendQuota GetSendStatistics UpdateAccountSendingEnabled",
        "configuration sets": (
            "CreateConfigurationSet CreateConfigurationSetTrackingOptions DeleteConfigurationSet "
            "DeleteConfigurationSetTrackingOptions DescribeConfigurationSet ListConfigurationSets "
            "PutConfigurationSetDeliveryOptions UpdateConfigurationSetReputationMetricsEnabled "
            "UpdateConfigurationSetSendingEnabled UpdateConfigurationSetTrackingOptions"
        ),
        "custom verification": (
            "CreateCustomVerificationEmailTemplate DeleteCustomVerificationEmailTemplate "
            "GetCustomVerificationEmailTemplate ListCustomVerificationEmailTemplates SendCustomVerificationEmail "
            "UpdateCustomVerificationEmailTemplate"
        ),
        "event destinations": (
            "CreateConfigurationSetEventDestination DeleteConfigurationSetEventDestination "
            "UpdateConfigurationSetEventDestination"
        ),
        "identities": (
            "DeleteIdentity DeleteVerifiedEmailAddress GetIdentityDkimAttributes "
            "GetIdentityMailFromDomainAttributes GetIdentityVerificationAttributes ListIdentities "
            "ListVerifiedEmailAddresses SetIdentityDkimEnabled SetIdentityMailFromDomain VerifyDomainDkim "
            "VerifyDomainIdentity VerifyEmailAddress VerifyEmailIdentity"
        ),
        "identity notifications (feedback)": (
            "GetIdentityNotificationAttributes SetIdentityFeedbackForwardingEnabled "
            "SetIdentityHeadersInNotificationsEnabled SetIdentityNotificationTopic"
        ),
        "receipt filters": "CreateReceiptFilter DeleteReceiptFilter ListReceiptFilters",
        "receipt rule sets and rules": (
            "CloneReceiptRuleSet CreateReceiptRule CreateReceiptRuleSet DeleteReceiptRule DeleteReceiptRuleSet "
            "DescribeActiveReceiptRuleSet DescribeReceiptRule DescribeReceiptRuleSet ListReceiptRuleSets "
            "ReorderReceiptRuleSet SetActiveReceiptRuleSet SetReceiptRulePosition UpdateReceiptRule"
        ),
        "sending authorization policies": (
            "DeleteIdentityPolicy GetIdentityPolicies ListIdentityPolicies PutIdentityPolicy"
        ),
        "templates": "CreateTemplate DeleteTemplate GetTemplate ListTemplates TestRenderTemplate UpdateTemplate",
    },
    "mailmanager": {
        "add-on instances": "CreateAddonInstance DeleteAddonInstance GetAddonInstance ListAddonInstances",
        "add-on subscriptions": (
            "CreateAddonSubscription DeleteAddonSubscription GetAddonSubscription ListAddonSubscriptions"
        ),
        "address list import jobs": (
            "CreateAddressListImportJob GetAddressListImportJob ListAddressListImportJobs "
            "StartAddressListImportJob StopAddressListImportJob"
        ),
        "address lists": (
            "CreateAddressList DeleteAddressList DeregisterMemberFromAddressList GetAddressList "
            "GetMemberOfAddressList ListAddressLists ListMembersOfAddressList RegisterMemberToAddressList"
        ),
        "archive export": "GetArchiveExport ListArchiveExports StartArchiveExport StopArchiveExport",
        "archive search": (
            "GetArchiveSearch GetArchiveSearchResults ListArchiveSearches StartArchiveSearch StopArchiveSearch"
        ),
        "archives": (
            "CreateArchive DeleteArchive GetArchive GetArchiveMessage GetArchiveMessageContent ListArchives "
            "UpdateArchive"
        ),
        "ingress points": "CreateIngressPoint DeleteIngressPoint GetIngressPoint ListIngressPoints UpdateIngressPoint",
        "relays": "CreateRelay DeleteRelay GetRelay ListRelays UpdateRelay",
        "rule sets": "CreateRuleSet DeleteRuleSet GetRuleSet ListRuleSets UpdateRuleSet",
        "tags": "ListTagsForResource TagResource UntagResource",
        "traffic policies": (
            "CreateTrafficPolicy DeleteTrafficPolicy GetTrafficPolicy ListTrafficPolicies UpdateTrafficPolicy"
        ),
    },
}
