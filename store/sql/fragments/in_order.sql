-- What orders cells by the axes of their study: numbers by size, texts by the alphabet.
[(try_cast(value AS DOUBLE), value) FOR value IN map_values(study_axes)]
