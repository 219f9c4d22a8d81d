-- Geometric mean of the finite values; 0 when one of them is.
CASE WHEN min(#1) FILTER (isfinite(#1)) <= 0 THEN 0
            ELSE exp(avg(ln(CASE WHEN isfinite(#1) AND #1 > 0 THEN #1 END))) END
