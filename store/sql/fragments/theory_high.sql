-- Upper end of where 95 % of networks lie; see theory_low.
#1 * exp(-pow(#2::DOUBLE, 2) + 1.96 * #2)
