"""What the study `discrepancy` measured, as an array over batch sizes and seeds."""


def series(lecture, quantity, part="", norm="batch"):
    """Return a quantity by batch size and seed `[batch size, seed]`."""
    sql = """SELECT batch_size, seed, value FROM quantities
             WHERE quantity = $quantity AND part = $part AND norm = $norm AND study = 'discrepancy'"""
    found = lecture.query(sql, quantity=quantity, part=part, norm=norm).df()
    return found.pivot(index="batch_size", columns="seed", values="value").to_numpy()
