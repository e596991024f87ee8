/**
 * Functions of databases that answer from what they are given alone: they run no SQL, read no table, file or statistic, and
 * change nothing but a sequence. PostGIS and the extensions that many applications have are among them.
 */
const words = (text: string) => text.trim().split(/\s+/);

const COMMON = words(`
  abs acos ascii asin atan atan2 avg cast ceil ceiling char_length character_length coalesce concat concat_ws cos count cume_dist
  current_date current_time current_timestamp date degrees dense_rank exp first_value floor format greatest grouping lag last_value
  lead least left length ln localtime localtimestamp log lower lpad ltrim max min mod now nth_value ntile nullif octet_length
  percent_rank pi position power radians rank repeat replace reverse right round row row_number rpad rtrim sign sin sqrt stddev
  stddev_pop stddev_samp substr substring sum tan trim upper var_pop var_samp variance
`);

const POSTGRES = words(`
  abbrev acosd acosh age any_value area array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims
  array_position array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort
  array_to_json array_to_string array_to_tsvector array_upper asind asinh atan2d atand atanh bit_and bit_count bit_length bit_or
  bit_xor bool_and bool_or bound_box box broadcast btrim cardinality casefold cbrt center chr circle clock_timestamp convert
  convert_from convert_to corr cosd cosh cot cotd covar_pop covar_samp crc32 crc32c current_catalog current_database current_role
  current_schema current_schemas current_setting current_user currval date_add date_bin date_part date_subtract date_trunc decode
  diagonal diameter div encode enum_first enum_last enum_range erf erfc every extract factorial family gamma gcd gen_random_uuid
  generate_series generate_subscripts get_bit get_byte height host hostmask inet_merge inet_same_family initcap isclosed isempty
  isfinite isopen json_agg json_agg_strict json_array json_array_elements json_array_elements_text json_array_length json_arrayagg
  json_build_array json_build_object json_each json_each_text json_exists json_extract_path json_extract_path_text json_object
  json_object_agg json_object_agg_strict json_object_agg_unique json_object_keys json_objectagg json_populate_record
  json_populate_recordset json_query json_scalar json_serialize json_strip_nulls json_to_record json_to_recordset json_typeof
  json_value jsonb_agg jsonb_agg_strict jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
  jsonb_build_object jsonb_concat jsonb_contained jsonb_contains jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text
  jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
  jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz
  jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
  jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set
  jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof json justify_days justify_hours
  justify_interval jsonb lastval lcm lgamma line log10 lseg lower_inc lower_inf macaddr8_set7bit make_date make_interval make_time
  make_timestamp make_timestamptz masklen md5 merge_action min_scale mode multirange netmask network nextval normalize npoints
  num_nonnulls num_nulls numnode overlay parse_ident path pclose percentile_cont percentile_disc pg_column_size pg_typeof
  phraseto_tsquery plainto_tsquery point polygon popen pow querytree quote_ident quote_literal quote_nullable radius random
  random_normal range_agg range_intersect_agg range_merge regexp_count regexp_instr regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2
  regr_slope regr_sxx regr_sxy regr_syy row_to_json scale session_user set_bit set_byte set_masklen setweight sha224 sha256 sha384
  sha512 sind sinh slope split_part starts_with statement_timestamp string_agg string_to_array string_to_table strip strpos
  substring_index tand tanh text timeofday timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb to_number to_oct
  to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim_array trim_scale trunc ts_delete ts_filter ts_headline
  ts_rank ts_rank_cd tsquery_phrase tsvector_to_array unicode_assigned unistr unnest upper_inc upper_inf user uuid
  uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 version websearch_to_tsquery width width_bucket xmlagg xmlcomment
  xmlconcat xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize xpath xpath_exists

  bool boolean bpchar bytea cidr date daterange datemultirange float4 float8 inet int2 int4 int4multirange int4range int8
  int8multirange int8range macaddr macaddr8 money name nummultirange numrange oid timestamptz timetz tsmultirange tsrange tsquery
  tstzmultirange tstzrange tsvector xml

  akeys avals binary_quantize citext cosine_distance crypt cube cube_dim cube_distance difference digest dmetaphone dmetaphone_alt
  earth earth_box earth_distance gen_random_bytes gen_salt hamming_distance hmac hstore hstore_to_array hstore_to_json
  hstore_to_jsonb icount idx index inner_product intset jaccard_distance l1_distance l2_distance l2_norm l2_normalize latitude lca
  levenshtein levenshtein_less_equal ll_to_earth longitude ltree2text metaphone nlevel pgp_pub_decrypt pgp_pub_encrypt
  pgp_sym_decrypt pgp_sym_encrypt sec_to_gc show_limit show_trgm similarity skeys slice sort sort_asc sort_desc soundex
  strict_word_similarity subarray subltree subpath subvector svals text2ltree unaccent uniq uuid_generate_v1 uuid_generate_v1mc
  uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil vector_avg vector_dims vector_norm vector_sum word_similarity
`);

/** Of PostGIS, MySQL and MariaDB. Those that take a table by its name are not among them. */
const GEOMETRY = words(`
  st_area st_asbinary st_asewkb st_asewkt st_asgeobuf st_asgeojson st_asgml st_ashexewkb st_askml st_asmvt st_asmvtgeom st_assvg
  st_astext st_astwkb st_aswkb st_aswkt st_azimuth st_boundary st_boundingdiagonal st_buffer st_buildarea st_centroid
  st_closestpoint st_clusterdbscan st_clusterintersecting st_clusterkmeans st_clusterwithin st_collect st_collectionextract
  st_concavehull st_contains st_containsproperly st_convexhull st_coorddim st_coveredby st_covers st_crosses st_curvetoline
  st_dfullywithin st_difference st_dimension st_disjoint st_distance st_distance_sphere st_distancesphere st_distancespheroid
  st_dump st_dumppoints st_dumprings st_dwithin st_endpoint st_envelope st_equals st_expand st_exteriorring st_extent
  st_flipcoordinates st_force2d st_force3d st_force4d st_forcecollection st_frechetdistance st_generatepoints st_geogfromtext
  st_geogfromwkb st_geographyfromtext st_geohash st_geomcollfromtext st_geometricmedian st_geometryfromtext st_geometryn
  st_geometrytype st_geomfromewkb st_geomfromewkt st_geomfromgeohash st_geomfromgeojson st_geomfromgml st_geomfromkml
  st_geomfromtext st_geomfromtwkb st_geomfromwkb st_hausdorffdistance st_hexagon st_hexagongrid st_interiorringn
  st_interpolatepoint st_intersection st_intersects st_isclosed st_iscollection st_isempty st_isring st_issimple st_isvalid
  st_isvaliddetail st_isvalidreason st_latfromgeohash st_latitude st_length st_length2d st_lengthspheroid st_lineextend
  st_linefromencodedpolyline st_linefromtext st_lineinterpolatepoint st_lineinterpolatepoints st_linelocatepoint st_linemerge
  st_linestringfromtext st_linesubstring st_linetocurve st_longestline st_longfromgeohash st_longitude st_m st_makebox2d
  st_makeenvelope st_makeline st_makepoint st_makepointm st_makepolygon st_makevalid st_maxdistance st_memunion
  st_minimumboundingcircle st_minkowskidistance st_mpointfromtext st_mpolyfromtext st_multi st_ndims st_node st_normalize
  st_npoints st_nrings st_numgeometries st_numinteriorrings st_numpatches st_numpoints st_offsetcurve st_orderingequals
  st_orientedenvelope st_overlaps st_perimeter st_point st_pointatdistance st_pointfromgeohash st_pointfromtext st_pointfromwkb
  st_pointinsidecircle st_pointn st_pointonsurface st_points st_polyfromtext st_polygon st_polygonfromtext st_polygonize
  st_project st_quantizecoordinates st_reduceprecision st_relate st_removepoint st_removerepeatedpoints st_reverse st_rotate
  st_scale st_seglength st_segmentize st_setpoint st_setsrid st_sharedpaths st_shiftlongitude st_shortestline st_simplify
  st_simplifypreservetopology st_simplifyvw st_snap st_snaptogrid st_split st_square st_squaregrid st_srid st_startpoint
  st_subdivide st_summary st_swapordinates st_swapxy st_symdifference st_tileenvelope st_touches st_transform st_translate
  st_unaryunion st_union st_validate st_voronoilines st_voronoipolygons st_within st_wrapx st_x st_xmax st_xmin st_y st_ymax
  st_ymin st_z st_zmax st_zmin box2d box3d geometry geography geometrytype
`);

const MYSQL = words(`
  adddate addtime aes_decrypt aes_encrypt any_value bin bin_to_uuid bit_and bit_count bit_length bit_or bit_xor char chr charset
  coercibility collation column_add column_check column_create column_delete column_exists column_get column_json column_list
  compress conv convert convert_tz crc32 crc32c current_role current_user curdate curtime database date_add date_format date_sub
  datediff day dayname dayofmonth dayofweek dayofyear decode decode_oracle elt encode encrypt export_set extract extractvalue field
  find_in_set format_bytes format_pico_time formatnumber from_base64 from_days from_unixtime geometrycollection geomfromtext
  get_format group_concat hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa insert instr is_ipv4 is_ipv4_compat
  is_ipv4_mapped is_ipv6 is_uuid isnull json_array json_array_append json_array_insert json_array_intersect json_arrayagg
  json_compact json_contains json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert
  json_key_value json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve json_normalize json_object
  json_object_filter_keys json_object_to_array json_objectagg json_overlaps json_pretty json_query json_quote json_remove
  json_replace json_schema_valid json_schema_validation_report json_search json_set json_storage_free json_storage_size
  json_type json_unquote json_valid json_value kdf last_day last_insert_id lastval lcase lengthb linestring locate log10 log2
  make_set makedate maketime mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequals mbrintersects mbroverlaps mbrtouches
  mbrwithin md5 median microsecond mid minute month monthname months_between multilinestring multipoint multipolygon name_const
  natural_sort_key nextval nvl nvl2 oct old_password ord percentile_cont percentile_disc period_add period_diff point pointfromtext
  polygon pow quarter quote rand random_bytes regexp_instr regexp_like regexp_replace regexp_substr row_count schema sec_to_time
  second session_user sformat sha sha1 sha2 soundex space std str_to_date strcmp subdate substring_index subtime sysdate sys_guid
  system_user time time_format time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_char to_date to_days
  to_number to_seconds trim_oracle truncate ucase uncompress uncompressed_length unhex unix_timestamp updatexml user utc_date
  utc_time utc_timestamp uuid uuid_short uuid_to_bin uuid_v4 uuid_v7 validate_password_strength values vec_distance
  vec_distance_cosine vec_distance_euclidean vec_fromtext vec_totext version week weekday weekofyear weight_string year yearweek
  chr default match against
`);

const SQLITE = words(`
  acosh asinh atanh bm25 changes char cosh date datetime format glob group_concat hex highlight ifnull iif instr json json_array
  json_array_length json_each json_error_position json_extract json_group_array json_group_object json_insert json_object
  json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type json_valid jsonb jsonb_array
  jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set
  julianday last_insert_rowid like likelihood likely log10 log2 match median octet_length percentile percentile_cont
  percentile_disc pow printf quote random randomblob regexp sinh snippet soundex sqlite_version string_agg strftime subtype tanh
  time timediff total trunc typeof unhex unicode unistr unixepoch unlikely zeroblob
`);

const SQL_SERVER = words(`
  choose charindex checksum convert datalength dateadd datediff datefromparts datename datepart day eomonth getdate getutcdate iif
  isdate isjson isnull isnumeric json_array json_modify json_object json_query json_value len month newid newsequentialid
  openjson parse parsename patindex quotename rand replicate scope_identity soundex space square str string_agg string_escape
  string_split stuff switchoffset sysdatetime sysdatetimeoffset sysutcdatetime todatetimeoffset translate trim try_cast
  try_convert try_parse unicode year
`);

const ORACLE = words(`
  add_months chr decode extract from_tz initcap instr json_array json_arrayagg json_exists json_object json_objectagg json_query
  json_value last_day listagg lnnvl median months_between nanvl new_time next_day numtodsinterval numtoyminterval nvl nvl2
  ora_hash rawtohex regexp_count regexp_instr regexp_like regexp_replace regexp_substr round standard_hash stats_mode sys_guid
  sysdate systimestamp to_char to_clob to_date to_dsinterval to_nchar to_number to_timestamp to_timestamp_tz to_yminterval
  translate trunc tz_offset vsize wm_concat
`);

const of = (...lists: readonly (readonly string[])[]): ReadonlySet<string> => new Set([COMMON, ...lists].flat());

const onPostgres = of(POSTGRES, GEOMETRY);
const onMysql = of(MYSQL, GEOMETRY);
const onSqlite = of(SQLITE);
const BY_TYPE: Readonly<Record<string, ReadonlySet<string>>> = {
  postgres: onPostgres,
  'aurora-postgres': onPostgres,
  cockroachdb: onPostgres,
  mysql: onMysql,
  mariadb: onMysql,
  'aurora-mysql': onMysql,
  sqlite: onSqlite,
  'better-sqlite3': onSqlite,
  sqljs: onSqlite,
  expo: onSqlite,
  capacitor: onSqlite,
  cordova: onSqlite,
  nativescript: onSqlite,
  'react-native': onSqlite,
  mssql: of(SQL_SERVER),
  oracle: of(ORACLE),
};

/** The names of the harmless functions of a database, in small letters. @param type - a data source's `type`. */
export function harmlessFunctions(type: string): ReadonlySet<string> {
  return BY_TYPE[type] ?? new Set(COMMON);
}
