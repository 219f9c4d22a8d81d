-- What Student's t with #2 degrees of freedom exceeds as rarely as a standard normal variable exceeds #1: Wallace's
-- approximation, solved for t; too large rather than too small where #2 is small.
sqrt((#2) * (exp(pow((#1) * (8 * (#2) + 3) / (8 * (#2) + 1), 2) / (#2)) - 1))
