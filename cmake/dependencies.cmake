# Every third-party part, from Debian 12's packages. Why each: docs/decisions/.

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_path(KSSEDR_TOMLPLUSPLUS toml++/toml.h REQUIRED)
find_path(KSSEDR_CCTZ cctz/time_zone.h REQUIRED)
# Of the databases' libraries the headers alone: they are loaded when a database is first asked (src/providers).
find_path(KSSEDR_LIBPQ libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
find_path(KSSEDR_MARIADB mariadb/mysql.h REQUIRED)
find_path(KSSEDR_HIREDIS hiredis/read.h REQUIRED)
find_path(KSSEDR_FREETDS sybdb.h REQUIRED)
# The store's, loaded when it is first used (src/store).
find_path(KSSEDR_SQLITE sqlite3.h REQUIRED)
# And of the reader of XML.
find_path(KSSEDR_EXPAT expat.h REQUIRED)
find_path(KSSEDR_PROTON proton/connection_driver.h REQUIRED)
# Of librdkafka too, which the first source over Kafka loads (src/azure).
find_path(KSSEDR_RDKAFKA librdkafka/rdkafka.h REQUIRED)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)

# Asio and Beast are compiled once (src/async/asio.cc, src/async/beast.cc), not in every file.
target_compile_definitions(Boost::headers INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_VISIBILITY
  BOOST_BEAST_SEPARATE_COMPILATION)
