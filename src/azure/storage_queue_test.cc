#include "azure/storage_queue.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(StorageQueue, ReadsAnAnswerToGetMessages) {
    auto const messages = parse_queue_messages(
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage>"
        "<MessageId>5974b586-0df3-4e2d-ad0c-18e3892bfca2</MessageId><InsertionTime>Fri, 09 Oct 2026 21:04:30 "
        "GMT</InsertionTime>"
        "<PopReceipt>YzQ4Yzg1MDIt+A==</PopReceipt><DequeueCount>1</DequeueCount>"
        "<MessageText>eyJpZCI6ImUxIn0=</MessageText></QueueMessage><QueueMessage><MessageId>2</MessageId>"
        "<PopReceipt>r</PopReceipt><MessageText>&lt;no event&gt;</MessageText></QueueMessage></QueueMessagesList>");
    ASSERT_TRUE(messages) << messages.error().message();
    ASSERT_EQ(messages->size(), 2U);
    EXPECT_EQ(messages->front().body, R"({"id":"e1"})");
    EXPECT_EQ(messages->front().id, "5974b586-0df3-4e2d-ad0c-18e3892bfca2");
    EXPECT_EQ(messages->front().receipt, "YzQ4Yzg1MDIt+A==");
    EXPECT_EQ(messages->back().body, "<no event>");
}

TEST(StorageQueue, RefusesWhatIsNoSuchAnswer) {
    for (std::string_view const body : {"", "<QueueMessagesList>", "<html/>", "{}",
                                        "<QueueMessagesList><QueueMessage><MessageId>1</MessageId>"
                                        "<MessageText>x</MessageText></QueueMessage></QueueMessagesList>"})
        EXPECT_FALSE(parse_queue_messages(body)) << body;
    EXPECT_TRUE(parse_queue_messages("<QueueMessagesList/>")->empty());
}

}  // namespace
}  // namespace kssedr::azure
