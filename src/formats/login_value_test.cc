#include "formats/login_value.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;

CredentialShape shape_of(std::string login, std::vector<std::string> schemes, std::uint16_t port,
                         std::uint16_t usual_port) {
    CredentialShape shape;
    shape.owner_name = login;
    shape.keys = {{.kind = rotation::KeyForm::Kind::text,
                   .least = 1,
                   .most = 256,
                   .with = "-_.~!\"#$%&'()*+,/:;<=>?@[\\]^`{|} "}};
    shape.hosts = {"db.example.com", "db.example.com:" + std::to_string(port)};
    shape.login = rotation::LoginShape{std::move(login), "db.example.com", port, usual_port, std::move(schemes)};
    return shape;
}

CredentialShape postgresql(std::string login = "app") {
    return shape_of(std::move(login), {"postgresql", "postgres"}, 5432, 5432);
}
CredentialShape mysql() {
    return shape_of("app", {"mysql", "mariadb"}, 3306, 3306);
}
CredentialShape sqlserver() {
    return shape_of("app", {"sqlserver", "mssql"}, 1433, 1433);
}
CredentialShape redis() {
    return shape_of("app", {"redis", "rediss"}, 6380, 6379);
}

struct Replaced {
    std::string_view before;
    std::string_view after;  // with the login app_b and the password n'w;pw =
    CredentialShape shape = postgresql();
};

TEST(LoginValue, LoginAndPasswordAreReplacedAndNothingElse) {
    for (
        auto const& [before, after, shape] : std::initializer_list<Replaced>{
            {R"({"username":"app","password":"old","host":"db.example.com","port":5432})",
             R"({"username":"app_b","password":"n'w;pw =","host":"db.example.com","port":5432})"},
            {R"( { "DB_USER" : "app" , "DB_PASSWORD" : "o\"\\\u0041ld" , "DB_HOST" : "DB.Example.com:5432" } )",
             R"( { "DB_USER" : "app_b" , "DB_PASSWORD" : "n'w;pw =" , "DB_HOST" : "DB.Example.com:5432" } )"},
            {R"([{"name":"user","value":"app"},{"name":"password","value":"old"},{"name":"note","value":"v1.2"}])",
             R"([{"name":"user","value":"app_b"},{"name":"password","value":"n'w;pw ="},{"name":"note","value":"v1.2"}])"},
            {R"({"engine":"postgres","jdbcUrl":"jdbc:postgresql://db.example.com/shop","username":"app","password":"old"})",
             R"({"engine":"postgres","jdbcUrl":"jdbc:postgresql://db.example.com/shop","username":"app_b","password":"n'w;pw ="})"},
            {R"({"url":"postgres:\/\/app:old%21@db.example.com\/shop"})",
             R"({"url":"postgres:\/\/app_b:n%27w%3Bpw%20%3D@db.example.com\/shop"})"},
            {R"({"ConnectionStrings":{"Default":"Host=db.example.com;Username=app;Password=\"o;\"\"ld\""}})",
             R"({"ConnectionStrings":{"Default":"Host=db.example.com;Username=app_b;Password=\"n'w;pw =\""}})"},
            {"postgresql://app:old@db.example.com:5432/shop?sslmode=verify-full",
             "postgresql://app_b:n%27w%3Bpw%20%3D@db.example.com:5432/shop?sslmode=verify-full"},
            {"\tpostgres://app:p%40ss@DB.EXAMPLE.COM/\n", "\tpostgres://app_b:n%27w%3Bpw%20%3D@DB.EXAMPLE.COM/\n"},
            {"jdbc:postgresql://db.example.com/shop?user=app&ssl=true&password=o%26ld",
             "jdbc:postgresql://db.example.com/shop?user=app_b&ssl=true&password=n%27w%3Bpw%20%3D"},
            {"host=db.example.com  port='5432' user=app password='o\\'l d' dbname=shop",
             "host=db.example.com  port='5432' user=app_b password='n\\'w;pw =' dbname=shop"},
            {"user = app password = o\\ ld host=db.example.com",
             "user = app_b password = 'n\\'w;pw =' host=db.example.com"},
            {"Host=db.example.com;Port=5432; Username = app ;Password=old;SSL Mode=VerifyFull;",
             "Host=db.example.com;Port=5432; Username = app_b ;Password=\"n'w;pw =\";SSL Mode=VerifyFull;"},
            {"Server=db.example.com;Uid=app;Pwd='o''ld'", "Server=db.example.com;Uid=app_b;Pwd='n''w;pw ='", mysql()},
            {"jdbc:mariadb://db.example.com:3306/shop?user=app&password=old",
             "jdbc:mariadb://db.example.com:3306/shop?user=app_b&password=n%27w%3Bpw%20%3D", mysql()},
            {"mysql://app:old@db.example.com/shop", "mysql://app_b:n%27w%3Bpw%20%3D@db.example.com/shop", mysql()},
            {"Server=tcp:db.example.com,1433;Initial Catalog=shop;User ID=app;Password={o}}ld};Encrypt=True",
             "Server=tcp:db.example.com,1433;Initial Catalog=shop;User ID=app_b;Password={n'w;pw =};Encrypt=True",
             sqlserver()},
            {"jdbc:sqlserver://db.example.com:1433;databaseName=shop;user=app;password=old;encrypt=true",
             "jdbc:sqlserver://db.example.com:1433;databaseName=shop;user=app_b;password=\"n'w;pw =\";encrypt=true",
             sqlserver()},
            {"rediss://app:old@db.example.com:6380/0", "rediss://app_b:n%27w%3Bpw%20%3D@db.example.com:6380/0",
             redis()},
        }) {
        SCOPED_TRACE(before);
        auto const value = SecretString::copy_of(before);
        auto const found = parse_login_value(value, shape);
        ASSERT_TRUE(found) << found.error().message();
        EXPECT_EQ(found->logins.size(), 1U);
        auto const password = SecretString::copy_of("n'w;pw =");
        auto const replaced = replace_login(value, *found, "app_b", password);
        EXPECT_EQ(replaced.expose(), after);
        // What was written is read again.
        auto other = shape;
        other.login->login = "app_b";
        auto const again = parse_login_value(replaced, other);
        ASSERT_TRUE(again) << again.error().message();
        EXPECT_TRUE(credential_in(replaced, again->password) == password);
        EXPECT_FALSE(parse_login_value(replaced, shape)) << "it is another login's";
        // The same again changes nothing but how it is written.
        auto const form = parse_value_form(value, shape);
        ASSERT_TRUE(form);
        EXPECT_EQ(*form, found->password);
    }
}

TEST(LoginValue, PasswordsAreReadAsTheyAreMeant) {
    for (auto const& [text, password, shape] :
         std::initializer_list<std::tuple<std::string_view, std::string_view, CredentialShape>>{
             {"hunter2", "hunter2", postgresql()},
             {"{\"password\":\"old-password\",\"username\":\"app\"}", "old-password", postgresql()},
             {" P@ss w0rd!;: \n", "P@ss w0rd!;:", postgresql()},
             {"{\"password\":\"o\\\"\\\\\\u0041ld\"}", "o\"\\Ald", postgresql()},
             {"host=db.example.com password='o\\'l d'", "o'l d", postgresql()},
             {"host=db.example.com password=o\\ ld", "o ld", postgresql()},
             {"Host=db.example.com;Password=\"o;\"\"ld\"", "o;\"ld", postgresql()},
             {"Server=db.example.com;Password={o}}ld}", "o}ld", sqlserver()},
             {"db.example.com:6380,user=app,password=ab=,ssl=True", "ab=", redis()},
             {"redis://:old@db.example.com:6380", "old", redis()},
             {"postgresql://app:o%2Fld@db.example.com", "o/ld", postgresql()},
         }) {
        SCOPED_TRACE(text);
        auto const value = SecretString::copy_of(text);
        auto const found = parse_login_value(value, shape);
        ASSERT_TRUE(found) << found.error().message();
        EXPECT_EQ(credential_in(value, found->password).expose(), password);
    }
}

TEST(LoginValue, WhatIsNotUnderstoodIsRefused) {
    struct Case {
        std::string_view value;
        std::string_view says;
        CredentialShape shape = postgresql();
    };
    for (auto const& [text, says, shape] : std::initializer_list<Case>{
             {" \n", "it is empty"},
             {"two\nlines", "neither a password alone"},
             {"https://db.example.com/x", "neither a password alone"},
             {"Serv=db.example.com;Pw=x", "neither a password alone"},
             {"mysql://app:old@db.example.com/", "neither a password alone"},
             {"p\xc3\xa4ss", "neither a password alone"},
             {R"({"username":"app"})", "no place in it holds a password"},
             {R"({"password":""})", "is empty, too long"},
             {R"({"password":"a","adminPassword":"b"})", "more than one place in it holds a password"},
             {R"({"username":"other","password":"a"})", "its login is not app"},
             {R"({"username":"APP","password":"a"})", "its login is not app"},
             {R"({"host":"evil.example.com","password":"a"})", "a host or port in it is not that of"},
             {R"({"host":"db.example.com:5433","password":"a"})", "a host or port in it is not that of"},
             {R"({"host":"","password":"a"})", "a host or port in it is not that of"},
             {R"({"port":5433,"password":"a"})", "a host or port in it is not that of"},
             {R"({"port":"5433","password":"a"})", "a host or port in it is not that of"},
             {R"({"note":"see https://evil.example.net/","password":"a"})", "a host or port in it is not that of"},
             {R"({"replica":"db2.example.com","password":"a"})", "a host or port in it is not that of"},
             {R"({"https://evil.example.net":1,"password":"a"})", "a name in it is that of another host"},
             {R"({"url":"postgresql://app@evil.example.net/","password":"a"})", "a host or port in it is not that of"},
             {R"({"url":"jdbc:oracle:thin:@evil","password":"a"})", "JDBC URL is of no kind"},
             {R"({"password":"longersecret-1","copy":"is longersecret-1"})", "stands in it in more than one place"},
             {R"({"password":"a"} x)", ""},
             {"postgresql://app:old@evil.example.com/", "a host or port in it is not that of"},
             {"postgresql://app:old@db.example.com:5433/", "a host or port in it is not that of"},
             {"postgresql://app:old@db.example.com,evil.example.com/", "a host or port in it is not that of"},
             {"postgresql://app:old@db.example.com/?host=evil", "a host or port in it is not that of"},
             {"postgresql://app:old@db.example.com/?hostaddr=10.0.0.1", "a host or port in it is not that of"},
             {"postgresql://app:old@db.example.com/?service=evil", "it takes settings from elsewhere"},
             {"postgresql://app:old@db.example.com/?password=other", "more than one place"},
             {"postgresql://app:old@db.example.com/#x", "its URL has a fragment"},
             {"postgresql://app:o%2@db.example.com/", "not quoted or encoded"},
             {"postgresql://app@db.example.com/", "no place in it holds a password"},
             {"host=evil user=app password=old", "a host or port in it is not that of"},
             {"host=db.example.com service=x password=old", "it takes settings from elsewhere"},
             {"host=db.example.com hostaddr=10.0.0.1 password=old", "a host or port in it is not that of"},
             {"host=db.example.com password='old", ""},
             {"Host=db.example.com;Host=evil;Password=old", "a host or port in it is not that of"},
             {"Host=db.example.com;Password=\"old", ""},
             {"Host=db.example.com;Password=\"old\"x", ""},
             {"Host=db.example.com;old;Password=x", "a part of it has no name"},
             {"Server=db.example.com;Failover Partner=evil;Password=x", "a host or port in it is not that of",
              sqlserver()},
             {"Server=db.example.com\\other;Password=x", "a host or port in it is not that of", sqlserver()},
             {"redis://app:old@db.example.com/", "a host or port in it is not that of", redis()},
             {"db.example.com:6380,evil:6380,password=a", "a part of it has no name", redis()},
         }) {
        SCOPED_TRACE(text);
        auto const found = parse_login_value(SecretString::copy_of(text), shape);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code(), Errc::invalid_argument);
        EXPECT_NE(found.error().message().find(says), std::string::npos) << found.error().message();
    }
}

TEST(LoginValue, WhoseOfTwoItIsStandsInIt) {
    std::array const shapes = {postgresql("app"), postgresql("app_b")};
    auto const which = [&](std::string_view text) { return find_login(SecretString::copy_of(text), shapes); };
    auto const first = which(R"({"username":"app","password":"x"})");
    auto const second = which("postgresql://app_b:x@db.example.com/");
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->which, 0U);
    EXPECT_EQ(second->which, 1U);
    EXPECT_FALSE(which("postgresql://third:x@db.example.com/"));
    auto const bare = which("hunter2");
    ASSERT_FALSE(bare);
    EXPECT_NE(bare.error().message().find("app and app_b take turns"), std::string::npos);
    EXPECT_TRUE(find_login(SecretString::copy_of("hunter2"), std::span(shapes).first(1)));
}

TEST(LoginValue, EveryPlaceOfTheLoginIsReplaced) {
    auto const value =
        SecretString::copy_of(R"({"user":"app","password":"x","url":"postgresql://app@db.example.com/"})");
    auto const found = parse_login_value(value, postgresql());
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(replace_login(value, *found, "b+1", SecretString::copy_of("y")).expose(),
              R"({"user":"b+1","password":"y","url":"postgresql://b%2B1@db.example.com/"})");
}

}  // namespace
}  // namespace kssedr::formats
