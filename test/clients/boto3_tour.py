"""What boto3 asks of S3, each answer held to what the real service gives. Found by its environment."""

import base64
import hashlib
import zlib

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "postern-sandbox"
s3 = boto3.client(
    "s3", config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
)
checks = 0


def check(what, got, wanted):
    global checks
    checks += 1
    assert got == wanted, f"{what}: expected {wanted!r}, got {got!r}"


def code_of(call, **arguments):
    try:
        call(Bucket=BUCKET, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def read(**arguments):
    return s3.get_object(Bucket=BUCKET, **arguments)["Body"].read()


check("versioning", s3.get_bucket_versioning(Bucket=BUCKET)["Status"], "Enabled")
check("location", s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], None)
check("region", s3.head_bucket(Bucket=BUCKET)["BucketRegion"], "us-east-1")

first = s3.put_object(Bucket=BUCKET, Key="web/a", Body=b"one", Metadata={"owner": "web"})
check("etag", first["ETag"], f'"{hashlib.md5(b"one").hexdigest()}"')
crc = base64.b64encode(zlib.crc32(b"one").to_bytes(4, "big")).decode()
check("crc32", first["ChecksumCRC32"], crc)
check("read", read(Key="web/a"), b"one")
check("range", read(Key="web/a", Range="bytes=1-"), b"ne")
check("metadata", s3.head_object(Bucket=BUCKET, Key="web/a")["Metadata"], {"owner": "web"})
check("not modified", code_of(s3.get_object, Key="web/a", IfNoneMatch=first["ETag"]), "304")
check("if-match", code_of(s3.get_object, Key="web/a", IfMatch='"x"'), "PreconditionFailed")
check("missing", code_of(s3.get_object, Key="web/x"), "NoSuchKey")
check("missing head", code_of(s3.head_object, Key="web/x"), "404")
check("no overwrite", code_of(s3.put_object, Key="web/a", IfNoneMatch="*"), "PreconditionFailed")

for algorithm in ("CRC32", "SHA1", "SHA256"):
    put = s3.put_object(Bucket=BUCKET, Key="sum", Body=b"value", ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")
    check(algorithm, got[f"Checksum{algorithm}"], put[f"Checksum{algorithm}"])

second = s3.put_object(Bucket=BUCKET, Key="web/a", Body=b"two")
check("old version", read(Key="web/a", VersionId=first["VersionId"]), b"one")
marker = s3.delete_object(Bucket=BUCKET, Key="web/a")
check("delete marker", marker["DeleteMarker"], True)
check("deleted", code_of(s3.get_object, Key="web/a"), "NoSuchKey")
s3.delete_object(Bucket=BUCKET, Key="web/a", VersionId=marker["VersionId"])
check("undeleted", read(Key="web/a"), b"two")

keys = ["l/a", "l/b c", "l/d/e", "l/d/f", "l/ünï\u0001<&>", "l/🙂"]
for key in keys:
    s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
pages = s3.get_paginator("list_objects_v2").paginate(
    Bucket=BUCKET, Prefix="l/", PaginationConfig={"PageSize": 2}
)
listed = [item["Key"] for page in pages for item in page["Contents"]]
check("listing", listed, sorted(keys, key=str.encode))
folders = s3.list_objects_v2(Bucket=BUCKET, Prefix="l/", Delimiter="/")["CommonPrefixes"]
check("folders", folders, [{"Prefix": "l/d/"}])
for key in keys:
    check(f"read {key!r}", read(Key=key), key.encode())
deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys[:4]]})
check("deleted many", sorted(item["Key"] for item in deleted["Deleted"]), sorted(keys[:4]))

etag = s3.put_object(Bucket=BUCKET, Key="c", Body=b"one", IfNoneMatch="*")["ETag"]
check("no create", code_of(s3.put_object, Key="c", IfNoneMatch="*"), "PreconditionFailed")
check("stale write", code_of(s3.put_object, Key="c", IfMatch='"x"'), "PreconditionFailed")
check("write of nothing", code_of(s3.put_object, Key="d", IfMatch=etag), "NoSuchKey")
copy = {"Key": "c", "CopySource": {"Bucket": BUCKET, "Key": "web/a"}}
check("no copy", code_of(s3.copy_object, **copy, IfNoneMatch="*"), "PreconditionFailed")
newer = s3.copy_object(Bucket=BUCKET, **copy, IfMatch=etag)["CopyObjectResult"]["ETag"]
check("stale delete", code_of(s3.delete_object, Key="c", IfMatch=etag), "PreconditionFailed")
objects = [{"Key": "c", "ETag": etag}, {"Key": "d", "ETag": "*"}]
fates = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
codes = [item["Code"] for item in fates["Errors"]]
check("stale deletes", codes, ["PreconditionFailed", "NoSuchKey"])
check("delete", s3.delete_object(Bucket=BUCKET, Key="c", IfMatch=newer)["DeleteMarker"], True)
check("deleted already", code_of(s3.delete_object, Key="c", IfMatch="*"), "NoSuchKey")

history = s3.list_object_versions(Bucket=BUCKET, Prefix="c")
kept = [(item["ETag"], item["IsLatest"]) for item in history["Versions"]]
check("history", kept, [(newer, False), (etag, False)])
check("history's marker", [item["IsLatest"] for item in history["DeleteMarkers"]], [True])
pages = s3.get_paginator("list_object_versions").paginate(
    Bucket=BUCKET, PaginationConfig={"PageSize": 2}
)


def version_ids(page):
    items = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [item["VersionId"] for item in items]


paged = [version for page in pages for version in version_ids(page)]
whole = version_ids(s3.list_object_versions(Bucket=BUCKET))
check("paged versions", sorted(paged), sorted(whole))

rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
default = rules[0]["ApplyServerSideEncryptionByDefault"]
check("default encryption", default, {"SSEAlgorithm": "AES256"})
blocks = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
check("public access block", set(blocks.values()), {True})
check("policy status", code_of(s3.get_bucket_policy_status), "NoSuchBucketPolicy")
check("acl", code_of(s3.put_object, Key="c", ACL="public-read"), "AccessControlListNotSupported")
s3.delete_bucket_ownership_controls(Bucket=BUCKET)
check("ownership", code_of(s3.get_bucket_ownership_controls), "OwnershipControlsNotFoundError")

print(f"{checks} checks passed")
