"""The end of every program: a loop that trains on stand-ins for the reader's data."""

# Where a program begins to train.
TRAINING = "\n# Batches of your data: features of the examples, and the number of each one's class."
LOOP = f"""{TRAINING}
batches = [(torch.randn({{batch_size}}, {{example}}), torch.randint(classes, ({{batch_size}},))) for _ in range(10)]
model.train()
for x, y in batches:
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
