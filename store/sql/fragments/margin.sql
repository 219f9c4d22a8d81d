-- Half of Student's 95 % confidence interval of a mean; NULL for a single value. His quantile comes from a table for up
-- to nine degrees of freedom, and for more from the expansion of Cornish and Fisher around the normal one.
CASE WHEN count(#1) <= 10 THEN [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262][count(#1) - 1]
                ELSE 1.95996 + 2.37227 / (count(#1) - 1) + 2.8225 / pow(count(#1) - 1, 2) + 2.555 / pow(count(#1) - 1, 3) END
           * stddev(#1) / sqrt(count(#1))
