-- The integral of x^-#1 from 1 to #2.
CASE WHEN abs(#1 - 1) < 1e-6 THEN ln(#2) ELSE (pow(#2, 1 - #1) - 1) / (1 - #1) END
