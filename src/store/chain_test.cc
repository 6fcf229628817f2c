#include "store/chain.h"

#include <gtest/gtest.h>

namespace kssedr::store {
namespace {

// Reckoned with Python's hashlib over the netstrings of docs/operations/store.md.
TEST(Chain, TheHashIsWhatTheDocumentSays) {
    ports::HistoryLine const line{
        TimePoint(Duration(1768469400000)), "rotated", "rotated", "demo.vault.azure.net", "web",
        R"({"schema":1,"reason":"ü"})"};
    EXPECT_EQ(hash_line(chain_begin, 1, line), "5e915a1d4a946ea131617c7435d17b0d372d7c5db119c8aaced2216c43c891fc");
}

// Each part has its length before it, so nothing can move from one to the next.
TEST(Chain, NoTwoLinesLookAlike) {
    ports::HistoryLine const line{TimePoint(Duration(12)), "ab", "c", "d", "e", "f"};
    auto other = line;
    other.outcome = "a";
    other.code = "bc";
    EXPECT_NE(hash_line(chain_begin, 1, line), hash_line(chain_begin, 1, other));
    EXPECT_NE(hash_line(chain_begin, 1, line), hash_line(chain_begin, 11, line));
}

TEST(Chain, ALineIsFitOnce) {
    ports::HistoryLine const line{{}, std::string(2000, 'o'), "c\n", "\xff", "\xe2\x80\xae", "{\x01}"};
    auto const fit = fit_line(line);
    EXPECT_EQ(fit.vault, "\\xff");
    EXPECT_EQ(fit.secret, "\\u{202e}");
    EXPECT_EQ(fit_line(fit).secret, fit.secret);
}

}  // namespace
}  // namespace kssedr::store
