#include "providers/postgresql.h"

#include "base/shared_library.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using ports::Trial;

TEST(Postgresql, RefusalsAreReadWhateverTheirLanguage) {
    struct Case {
        std::string_view name;
        std::string_view text;
        PostgresqlRefusal refusal;
        Trial trial;
    };
    for (auto const& [name, text, refusal, trial] : std::initializer_list<Case>{
             {"wrong password",
              "connection to server at \"localhost\" (::1), port 5432 failed: FATAL:  28P01: password authentication "
              "failed for user \"app\"\nLOCATION:  auth_failed, auth.c:326\n",
              {"28P01", "password authentication failed for user \"app\"", false},
              Trial::rejected},
             {"in another language",
              "failed: 致命的错误:  28P01: 用户 \"app\" Password 认证失败\n",
              {"28P01", "用户 \"app\" Password 认证失败", false},
              Trial::rejected},
             {"no rule lets it in",
              "failed: FATAL:  28000: no pg_hba.conf entry for host \"::1\"\nLOCATION:  ClientAuthentication, "
              "auth.c:5\n",
              {"28000", "no pg_hba.conf entry for host \"::1\"", true},
              Trial::inconclusive},
             {"may not sign in",
              "failed: FATAL:  28000: role \"app\" is not permitted to log in\nLOCATION:  InitializeSessionUserId, "
              "m.c:1\n",
              {"28000", "role \"app\" is not permitted to log in", false},
              Trial::rejected},
             {"no such database",
              "failed: FATAL:  3D000: database \"x\" does not exist\n",
              {"3D000", "database \"x\" does not exist", false},
              Trial::accepted},
             {"too many", "failed: FATAL:  53300: too many\n", {"53300", "too many", false}, Trial::inconclusive},
             {"nobody listens",
              "connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the server "
              "running?",
              {"", "connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused", false},
              Trial::inconclusive},
             {"nothing", "", {}, Trial::inconclusive},
             {"a state that is none", ":  28p01: x", {"", ":  28p01: x", false}, Trial::inconclusive},
             {"cut", "FATAL:  28P0", {"", "FATAL:  28P0", false}, Trial::inconclusive},
         }) {
        SCOPED_TRACE(name);
        EXPECT_EQ(parse_postgresql_refusal(text), refusal) << parse_postgresql_refusal(text).message;
        EXPECT_EQ(judge_postgresql_refusal(refusal).trial, trial);
    }
}

TEST(Postgresql, StatesTellWhatTheCallerCanDo) {
    for (auto const& [state, code] : std::initializer_list<std::pair<std::string_view, Errc>>{
             {"42501", Errc::permission_denied},
             {"42704", Errc::not_found},
             {"57014", Errc::unavailable},
             {"57P03", Errc::unavailable},
             {"53100", Errc::unavailable},
             {"55P03", Errc::unavailable},
             {"40001", Errc::unavailable},
             {"25006", Errc::unavailable},
             {"22023", Errc::invalid_argument},
         }) {
        auto const error = to_postgresql_error(state, "why", "GRANT x;");
        EXPECT_EQ(error.code(), code) << state;
        EXPECT_EQ(error.service_code(), state);
        EXPECT_EQ(error.message().contains("GRANT x;"), code == Errc::permission_denied);
    }
}

TEST(SharedLibrary, WhatIsNotInstalledIsSaidWithItsPackage) {
    auto const library = SharedLibrary::open("libkssedr-has-none.so.1", "libnone1");
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code(), Errc::unavailable);
    EXPECT_NE(library.error().message().find("install Debian's package libnone1"), std::string::npos);
}

TEST(SharedLibrary, AFunctionThatIsNotThereIsSaid) {
    auto library = SharedLibrary::open("libm.so.6", "libc6");
    ASSERT_TRUE(library) << library.error().message();
    double (*sine)(double) = nullptr;
    library->find("sin", sine);
    ASSERT_NE(sine, nullptr);
    EXPECT_EQ(sine(0), 0);
    EXPECT_TRUE(library->check());
    library->find("kssedr_has_none", sine);
    ASSERT_FALSE(library->check());
    EXPECT_NE(library->check().error().message().find("kssedr_has_none"), std::string::npos);
}

}  // namespace
}  // namespace kssedr::providers
