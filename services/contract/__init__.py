"""The contract as it is published: OpenAPI, AsyncAPI, and the files of deploy/contract."""
