#include "providers/redis_wire.h"

#include "base/ascii.h"

#include <array>
#include <span>

namespace kssedr::providers {
namespace {

constexpr std::size_t answer_max = 1U << 20U;

void wipe_texts(redisReply& reply) {
    if (reply.str != nullptr) wipe({reply.str, reply.len});
    for (std::size_t i = 0; reply.type == REDIS_REPLY_ARRAY && i < reply.elements; ++i)
        if (reply.element[i] != nullptr) wipe_texts(*reply.element[i]);
}

std::string_view text_of(redisReply const* reply) {
    return reply == nullptr || reply->str == nullptr ? std::string_view() : std::string_view(reply->str, reply->len);
}

}  // namespace

Result<Libhiredis> Libhiredis::load() {
    auto library = SharedLibrary::open("libhiredis.so.0.14", "libhiredis0.14");
    if (!library) return fail(std::move(library).error());
    Libhiredis functions;
    KSSEDR_LIBHIREDIS(KSSEDR_LIBRARY_FIND)
    KSSEDR_TRY_VOID(library->check());
    return functions;
}

void RedisReply::Free::operator()(redisReply* reply) const {
    wipe_texts(*reply);
    library->freeReplyObject(reply);
}

std::string RedisReply::error() const {
    return escape_for_display(text_of(reply_.get()), 300);
}

std::string_view RedisReply::last_of(std::string_view name) const {
    if (reply_->type != REDIS_REPLY_ARRAY) return {};
    std::span const elements(reply_->element, reply_->elements);
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
        auto const* const values = elements[i + 1];
        if (text_of(elements[i]) != name || values->type != REDIS_REPLY_ARRAY || values->elements == 0) continue;
        return text_of(std::span(values->element, values->elements).back());
    }
    return {};
}

RedisWire::RedisWire(asio::any_io_executor executor, Libhiredis const& library)
    : library_(library), reader_(library.redisReaderCreate()), wire_(std::move(executor)) {}

RedisWire::~RedisWire() {
    if (reader_ != nullptr) library_.redisReaderFree(reader_);
}

Async<void> RedisWire::open(DatabaseAddress at) {
    if (reader_ == nullptr) co_return fail(Errc::unavailable, "no memory for a connection");
    co_return co_await wire_.open({at.host, at.port, at.uses_tls(), at.ca_file, {}});
}

Async<RedisReply> RedisWire::ask(SecretString command) {
    auto const lost = [](boost::system::error_code const& error) {
        return fail(Errc::outcome_unknown, "no answer came: " + error.message());
    };
    auto const unsent = co_await wire_.send(command.expose());
    if (unsent) co_return lost(unsent);
    std::array<char, 4096> room{};
    for (std::size_t total = 0; total < answer_max;) {
        void* reply = nullptr;
        if (library_.redisReaderGetReply(reader_, &reply) != REDIS_OK)
            co_return fail(Errc::outcome_unknown, "what came is no answer of Redis'");
        if (reply != nullptr) co_return RedisReply(library_, static_cast<redisReply*>(reply));
        auto const [ended, read] = co_await wire_.receive(room);
        if (ended) co_return lost(ended);
        library_.redisReaderFeed(reader_, room.data(), read);
        wipe(std::span(room).first(read));
        total += read;
    }
    co_return fail(Errc::outcome_unknown, "its answer is too long");
}

}  // namespace kssedr::providers
