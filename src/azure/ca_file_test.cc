#include "azure/ca_file.h"

#include "support/test_certificates.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace kssedr::azure {
namespace {

TEST(CaFile, OneThatHoldsNoCertificateIsSaidByTheSettingsName) {
    test::TestCertificate const certificate("localhost");
    struct Case {
        std::string_view name;
        std::string content;
        bool is_good;
    };
    for (auto const& c : std::vector<Case>{
             {"a certificate", certificate.pem(), true},
             {"with words before it", "# mine\n\n" + certificate.pem(), true},
             {"nothing", "", false},
             {"words", "no certificate\n", false},
             {"one cut short", certificate.pem().substr(0, certificate.pem().size() / 2), false},
             {"an empty one", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", false},
         }) {
        SCOPED_TRACE(c.name);
        auto const path = ::testing::TempDir() + "kssedr_ca_file_test.pem";
        std::ofstream(path) << c.content;
        auto const checked = check_ca_file(path);
        std::remove(path.c_str());
        EXPECT_EQ(checked.has_value(), c.is_good);
        if (checked) continue;
        EXPECT_EQ(checked.error().code(), Errc::invalid_argument);
        EXPECT_NE(checked.error().message().find("SSL_CERT_FILE"), std::string::npos);
        EXPECT_NE(checked.error().message().find(path), std::string::npos);
    }
    EXPECT_FALSE(check_ca_file("/no/such/file"));
}

}  // namespace
}  // namespace kssedr::azure
