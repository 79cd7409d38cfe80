"""The topic catalogue: topics, planes, principals and who may do what, as `topics.yaml` says."""
