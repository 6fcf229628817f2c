#include "azure/amqp_message.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::string_literals;

// A small text, with its code.
std::string str(std::string_view text, char code = '\xa1') {
    return std::string(1, code) + static_cast<char>(text.size()) + std::string(text);
}

std::string map(std::initializer_list<std::string> parts) {
    std::string inner;
    for (auto const& part : parts) inner += part;
    return "\xc1"s + static_cast<char>(inner.size() + 1) + static_cast<char>(parts.size()) + inner;
}

std::string section(char code, std::string const& value) {
    return "\0\x53"s + code + value;
}

std::string event() {
    return section('\x72',
                   map({str("x-opt-sequence-number", '\xa3'), "\x81\0\0\0\0\0\0\x01\x02"s, str("x-opt-offset", '\xa3'),
                        str("4294967296"), str("x-opt-enqueued-time", '\xa3'), "\x83\0\0\x01\x9b\xc0\0\0\0"s})) +
           section('\x75', str("{\"id\":", '\xa0')) + section('\x75', str("1}", '\xa0'));
}

TEST(AmqpMessage, AnEventIsReadWithAllItsDataSections) {
    auto const message = parse_amqp_message(event());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->body, "{\"id\":1}");
    EXPECT_EQ(AmqpMessage::number_of(message->annotations, "x-opt-sequence-number", -1), 258);
    EXPECT_EQ(AmqpMessage::text_of(message->annotations, "x-opt-offset"), "4294967296");
    EXPECT_EQ(AmqpMessage::number_of(message->annotations, "x-opt-enqueued-time", 0), 0x19bc0000000);
    EXPECT_EQ(AmqpMessage::number_of(message->annotations, "absent", 7), 7);
}

TEST(AmqpMessage, AnAnswerIsReadWithItsMapAndItsArray) {
    auto const message = parse_amqp_message(
        section('\x73', "\xc0\x09\x06\x40\x40\x40\x40\x40"s + str("7")) +
        section('\x74', map({str("status-code"), "\x71\0\0\0\xc8"s})) +
        section('\x77',
                map({str("partition_ids"), "\xe0\x06\x02\xa1\x01"s + "0" + "\x01"s + "1", str("count"), "\x54\x02"s})));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->correlation_id, "7");
    EXPECT_EQ(AmqpMessage::number_of(message->application_properties, "status-code", 0), 200);
    auto const* const ids = message->value.find("partition_ids");
    ASSERT_NE(ids, nullptr);
    ASSERT_NE(ids->list(), nullptr);
    ASSERT_EQ(ids->list()->size(), 2U);
    EXPECT_EQ(*ids->list()->at(1).text(), "1");
    EXPECT_EQ(AmqpMessage::number_of(message->value, "count", 0), 2);
}

// Cut anywhere, and changed anywhere, it is refused or read, and never beyond its end.
TEST(AmqpMessage, HostileBytesAreRefusedOrRead) {
    auto const whole = event();
    for (std::size_t i = 0; i < whole.size(); ++i) (void)parse_amqp_message(whole.substr(0, i));
    test::SeededRandom random{3};
    for (int i = 0; i < 20'000; ++i) {
        auto changed = whole;
        for (int change = 0; change < 3; ++change)
            changed[random.below(changed.size())] = static_cast<char>(random.below(256));
        (void)parse_amqp_message(changed);
    }
    EXPECT_FALSE(parse_amqp_message("text"));
    EXPECT_FALSE(parse_amqp_message(section('\x75', "\xb0\xff\xff\xff\xff")));
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "\xd0\0\0\0\x60\0\0\0\x01"s;
    EXPECT_FALSE(parse_amqp_message(section('\x77', deep)));
    // A count that would take memory, of elements that take no bytes.
    EXPECT_FALSE(parse_amqp_message(section('\x77', "\xf0\0\0\0\x05\xff\xff\xff\xff\x45"s)));
    EXPECT_TRUE(parse_amqp_message("")->body.empty());
}

}  // namespace
}  // namespace kssedr::azure
