#include "app/process.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include <sys/resource.h>
#include <unistd.h>

namespace kssedr::app {
namespace {

TEST(Process, TakesAsManyDescriptorsAsItMayHave) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit const low{64, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    raise_descriptor_limit();
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Process, OutlivesAReaderThatClosed) {
    ignore_closed_readers();
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    ::close(ends[1]);
}

}  // namespace
}  // namespace kssedr::app
