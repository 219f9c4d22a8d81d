-- Lower end of where 95 % of networks lie around a prediction #1, for a standard deviation #2 of the logarithm. Squares
-- are predicted without bias, so the median lies below the prediction by the factor exp(−#2²).
#1 * exp(-pow(#2::DOUBLE, 2) - 1.96 * #2)
