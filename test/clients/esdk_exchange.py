"""Seals and opens with the AWS Encryption SDK for Python what plan.json in this folder asks for.

Each task names its files: NAME.plain is sealed to NAME.message, or the other way round.
"""

import json
import pathlib

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite

client = aws_encryption_sdk.EncryptionSDKClient()
plan = json.loads(pathlib.Path("plan.json").read_text())

for task in plan:
    plain = pathlib.Path(task["name"] + ".plain")
    message = pathlib.Path(task["name"] + ".message")
    keys = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=task["keys"])
    if task["do"] == "seal":
        sealed, _ = client.encrypt(
            source=plain.read_bytes(),
            key_provider=keys,
            algorithm=AlgorithmSuite[task["suite"]],
            frame_length=task["frame_length"],
            encryption_context=task["context"],
        )
        message.write_bytes(sealed)
    else:
        opened, header = client.decrypt(source=message.read_bytes(), key_provider=keys)
        assert task["context"].items() <= header.encryption_context.items(), task["name"]
        plain.write_bytes(opened)

print(f"{len(plan)} done")
