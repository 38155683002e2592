"""What boto3 asks of KMS and IMDS, each answer held to what the real services give.

Found by its environment, which holds no keys: its credentials come from IMDS.
"""

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import InstanceMetadataRegionFetcher

key, other, imds = sys.argv[1:]
session = boto3.session.Session()
kms = session.client("kms", config=Config(retries={"total_max_attempts": 1}))
checks = 0


def check(what, got, wanted):
    global checks
    checks += 1
    assert got == wanted, f"{what}: expected {wanted!r}, got {got!r}"


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


check("source of credentials", session.get_credentials().method, "iam-role")
region = InstanceMetadataRegionFetcher(
    config={"ec2_metadata_service_endpoint": imds, "ec2_metadata_v1_disabled": True}
)
check("region of the host", region.retrieve_region(), "us-east-1")

context = {"postern:group": "web", "naïve": "ünï🙂"}
sealed = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096, EncryptionContext=context)
blob = sealed["CiphertextBlob"]
check("key that sealed", sealed["KeyId"], key)
opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=key)
check("plaintext", opened["Plaintext"], b"x" * 4096)
check("no context", code_of(kms.decrypt, CiphertextBlob=blob), "InvalidCiphertextException")
check(
    "other key",
    code_of(kms.decrypt, CiphertextBlob=blob, EncryptionContext=context, KeyId=other),
    "IncorrectKeyException",
)
check("too long", code_of(kms.encrypt, KeyId=key, Plaintext=b"x" * 4097), "ValidationException")
check("no such key", code_of(kms.describe_key, KeyId="web"), "NotFoundException")

data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
opened = kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
check("data key", opened["Plaintext"], data_key["Plaintext"])
moved = kms.re_encrypt(
    CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=other
)
opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])
check("moved", (opened["KeyId"], opened["Plaintext"]), (other, b"x" * 4096))

made = kms.create_key(Description="tour", MultiRegion=True)["KeyMetadata"]
check("a multi-Region key's id", made["KeyId"][:4], "mrk-")
kms.create_alias(AliasName="alias/tour", TargetKeyId=made["KeyId"])
listed = [
    alias["AliasName"]
    for page in kms.get_paginator("list_aliases").paginate(KeyId=made["KeyId"])
    for alias in page["Aliases"]
]
check("aliases", listed, ["alias/tour"])
kms.disable_key(KeyId=made["KeyId"])
check("disabled", code_of(kms.encrypt, KeyId="alias/tour", Plaintext=b"x"), "DisabledException")
deletion = kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)["DeletionDate"]
described = kms.describe_key(KeyId="alias/tour")["KeyMetadata"]
check("deletion", (described["KeyState"], described["DeletionDate"]), ("PendingDeletion", deletion))
check(
    "pending deletion",
    code_of(kms.encrypt, KeyId="alias/tour", Plaintext=b"x"),
    "KMSInvalidStateException",
)
print(f"{checks} checks")
