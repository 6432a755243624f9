-- The functions of SQLite's that statements use and PostgreSQL lacks, or has for other types.

-- A list: `value` of its whole numbers, `atom` of its texts.
CREATE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value bigint, atom text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT place - 1,
        CASE jsonb_typeof(each) WHEN 'number' THEN each::bigint END,
        each #>> '{}'
    FROM jsonb_array_elements(list::jsonb) WITH ORDINALITY AS found (each, place)
$$;

-- What is at a path such as `$.incident` or `$[0]`, as text; NULL where nothing or null is.
CREATE FUNCTION json_extract(document text, path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT jsonb_path_query_first(nullif(document, '')::jsonb, path::jsonpath) #>> '{}'
$$;

CREATE FUNCTION json_array_length(list text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT jsonb_array_length(list::jsonb) $$;

CREATE FUNCTION json_array(one bigint, other bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '[' || coalesce(one::text, 'null') || ',' || coalesce(other::text, 'null') || ']'
$$;

CREATE FUNCTION json_object(name text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{' || to_json(name)::text || ':' || coalesce(to_json(value)::text, 'null') || '}'
$$;

CREATE FUNCTION json_list(list anycompatiblearray) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(to_json(list)::text, '[]') $$;

CREATE AGGREGATE json_group_array(anycompatible) (
    sfunc = array_append, stype = anycompatiblearray, finalfunc = json_list
);

CREATE FUNCTION max(one anycompatible, other anycompatible) RETURNS anycompatible
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT greatest(one, other) $$;

CREATE FUNCTION min(one anycompatible, other anycompatible) RETURNS anycompatible
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT least(one, other) $$;
