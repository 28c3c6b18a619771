"""What a model follows beside findings: the attributes of films (devices, sex, age, view) against its neurons and
outputs."""
