#include "app/input.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kssedr::app {
namespace {

class Input : public testing::Test {
protected:
    Input() { std::filesystem::create_directory(folder_); }
    ~Input() override { std::filesystem::remove_all(folder_); }

    std::string path(std::string const& name) const { return folder_ / name; }
    void expect_refused(std::string const& file, std::string_view says, std::size_t size_max = 1U << 20U) {
        auto const read = read_input(file, size_max);
        ASSERT_FALSE(read) << file;
        EXPECT_EQ(read.error().code(), Errc::invalid_argument);
        EXPECT_NE(read.error().message().find(says), std::string::npos) << read.error().message();
        EXPECT_EQ(read.error().message().find('\x1b'), std::string::npos) << "a terminal would obey it";
    }

    std::filesystem::path folder_ =
        std::filesystem::path(testing::TempDir()) / ("kssedr-input-" + std::to_string(::getpid()));
};

TEST_F(Input, ReadsAFileToItsEnd) {
    std::string const text(300'000, 'x');
    std::ofstream(path("events")) << text;
    auto const read = read_input(path("events"));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, text);
    std::ofstream(path("empty")).close();
    EXPECT_EQ(read_input(path("empty")).value_or("?"), "");
    EXPECT_EQ(read_input("/dev/null").value_or("?"), "");
}

TEST_F(Input, RefusesWhatHasNoEndOrCannotBeRead) {
    expect_refused(path("absent"), "No such file");
    expect_refused(folder_, "it is a directory");
    expect_refused("/dev/zero", "larger than 1 MB");
    std::ofstream(path("big")) << std::string(100, 'x');
    expect_refused(path("big"), "larger than", 99);
    expect_refused(path("a\x1b[31mb"), "a\\u{1b}[31mb");
    expect_refused("", "No such file");
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    expect_refused(path("pipe"), "a pipe that nobody writes to");
    std::ofstream(path("closed")) << "x";
    ASSERT_EQ(::chmod(path("closed").c_str(), 0), 0);
    if (::geteuid() != 0) expect_refused(path("closed"), "Permission denied");
}

TEST_F(Input, WaitsForWhoeverWritesIntoAPipe) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::jthread const writer([&] {
        for (std::string const part : {"one ", "two"}) {
            std::this_thread::yield();
            EXPECT_EQ(::write(ends[1], part.data(), part.size()), static_cast<ssize_t>(part.size()));
        }
        ::close(ends[1]);
    });
    EXPECT_EQ(read_input("/dev/fd/" + std::to_string(ends[0])).value_or("?"), "one two");
    ::close(ends[0]);
}

}  // namespace
}  // namespace kssedr::app
