-- What a standard normal variable exceeds with probability #1, below a half: Hastings' approximation (Abramowitz and
-- Stegun 26.2.23), off by at most 0.00045.
(sqrt(-2 * ln(#1)) - (2.515517 + 0.802853 * sqrt(-2 * ln(#1)) + 0.010328 * -2 * ln(#1))
               / (1 + 1.432788 * sqrt(-2 * ln(#1)) + 0.189269 * -2 * ln(#1) + 0.001308 * pow(-2 * ln(#1), 1.5)))
