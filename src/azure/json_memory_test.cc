// What reading and writing JSON leaves behind in memory: no secret.

#include "azure/key_vault_format.h"
#include "azure/slots_answer.h"
#include "base/encoding.h"
#include "base/random.h"
#include "support/memory_scan.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

SecretString make_secret(std::size_t bytes) {
    SystemRandom random;
    std::string raw(bytes, '\0');
    random.fill(raw);
    return SecretString::absorb(format_hex(raw));
}

SecretString quoted_in(std::string_view before, SecretString const& secret, std::string_view after) {
    SecretString text;
    text.reserve(before.size() + secret.size() + after.size());
    text.append(before);
    text.append(secret.expose());
    text.append(after);
    return text;
}

// The allocator overwrites the beginning of what is freed, so the scan looks for what stands further in.
std::string_view within(SecretString const& secret) {
    return secret.expose().substr(secret.size() - 32);
}

TEST(JsonMemory, ReadingAndWritingAVersionLeavesNothing) {
    if (!test::can_scan_memory()) GTEST_SKIP() << "a sanitizer keeps what was freed";
    // The longer outgrows every buffer of the parser's. (One of a few bytes could stand in a register that was saved.)
    for (std::size_t const bytes : {40U, 6000U}) {
        SCOPED_TRACE(bytes);
        auto secret = make_secret(bytes);
        test::MemoryScan const scan(within(secret));
        // With an escape in it, a string is gathered piece by piece.
        auto body =
            quoted_in(R"({"value":"\u0041)", secret,
                      R"(","id":"https://contoso.vault.azure.net/secrets/web/0123456789abcdef0123456789abcdef",)"
                      R"("attributes":{"enabled":true,"created":1,"updated":1}})");
        secret.clear();
        {
            auto version = parse_secret(body.expose(), {{"contoso.vault.azure.net"}, "vault.azure.net", "web"});
            ASSERT_TRUE(version.has_value());
            rotation::SecretDraft draft;
            draft.value = std::move(version->value);
            auto const written = format_draft(draft);
            EXPECT_EQ(scan.count(), 3);  // the answer, the value, the next request
        }
        body.clear();
        EXPECT_EQ(scan.count(), 0);
    }
}

TEST(JsonMemory, ABrokenAnswerLeavesNothing) {
    if (!test::can_scan_memory()) GTEST_SKIP() << "a sanitizer keeps what was freed";
    auto secret = make_secret(40);
    test::MemoryScan const scan(within(secret));
    auto body = quoted_in(R"({"keys":[{"keyName":"key1","value":")", secret, R"("},{"keyName":"key2","value":)");
    secret.clear();
    rotation::CatalogueEntry entry;
    entry.slots = {{"key1", "key1", "keys[keyName=key1].value", "", "", ""}};
    EXPECT_FALSE(parse_slots(body.expose(), entry).has_value());
    body.clear();
    EXPECT_EQ(scan.count(), 0);
}

}  // namespace
}  // namespace kssedr::azure
