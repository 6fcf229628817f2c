#include "rotation/login_database.h"

#include "base/check.h"

#include <algorithm>
#include <charconv>

namespace kssedr::rotation {

DatabaseKind LoginDatabase::kind() const {
    auto const type = owner.type();
    if (type == "postgresql") return DatabaseKind::postgresql;
    if (type == "mysql") return DatabaseKind::mysql;
    if (type == "sqlserver") return DatabaseKind::sqlserver;
    KSSEDR_CHECK(type == "redis", "a database of no known kind");
    return DatabaseKind::redis;
}

std::string_view LoginDatabase::host() const {
    auto const written = owner.host();
    return written.substr(0, written.find(':'));
}

std::uint16_t LoginDatabase::port() const {
    auto const written = owner.host();
    auto const colon = written.find(':');
    if (colon == std::string_view::npos) return usual_port(kind());
    std::uint16_t port = 0;
    std::from_chars(written.data() + colon + 1, written.data() + written.size(), port);
    return port;
}

std::vector<std::string> LoginDatabase::logins() const {
    std::vector<std::string> logins{std::string(owner.name())};
    if (!alternate.empty()) logins.push_back(alternate);
    return logins;
}

std::uint16_t usual_port(DatabaseKind kind) {
    switch (kind) {
    case DatabaseKind::postgresql: return 5432;
    case DatabaseKind::mysql: return 3306;
    case DatabaseKind::sqlserver: return 1433;
    case DatabaseKind::redis: return 6379;
    }
    return 0;
}

}  // namespace kssedr::rotation
