/// SecretBody: a Beast body that is read straight into a SecretString, and the read buffer that leaves nothing behind.
///
/// A request of the local Azure or of the program's API may hold a credential, so what was read is wiped wherever it
/// lay: in the body by SecretString, in the connection's buffer by its allocator and by `wipe_consumed`.

#pragma once

#include "base/secret_string.h"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <boost/system/errc.hpp>

#include <cstdint>
#include <memory>
#include <new>

namespace kssedr::listen {

struct SecretBody {
    struct value_type {
        SecretString bytes;
        std::uint64_t limit = 0;  ///< how long it may become; the parser's limit too
    };

    static std::uint64_t size(value_type const& body) { return body.bytes.size(); }

    class reader {
    public:
        template <bool is_request, class Fields>
        reader(boost::beast::http::header<is_request, Fields>&, value_type& body) : body_(body) {}

        // The parser has compared the length with its limit before. Room for the whole is taken at once: memory that no
        // byte has arrived for costs an address range only. So a body in chunks, whose length nobody says, takes the
        // room of the longest one as soon as it is no small one, and is moved once and while it is short.
        void init(boost::optional<std::uint64_t> const& length, boost::beast::error_code& error) {
            error = {};
            // Where memory lacks, this request is refused and no other harmed.
            try {
                if (length) body_.limit = *length;
                if (length) body_.bytes.reserve(static_cast<std::size_t>(*length));
            } catch (std::bad_alloc const&) {
                error = make_error_code(boost::system::errc::not_enough_memory);
            }
        }
        template <class Buffers>
        std::size_t put(Buffers const& buffers, boost::beast::error_code& error) {
            std::size_t taken = 0;
            error = {};
            try {
                for (auto const buffer : boost::beast::buffers_range_ref(buffers)) {
                    if (body_.bytes.size() + buffer.size() > small_body_max)
                        body_.bytes.reserve(static_cast<std::size_t>(body_.limit));
                    body_.bytes.append({static_cast<char const*>(buffer.data()), buffer.size()});
                    taken += buffer.size();
                }
            } catch (std::bad_alloc const&) {
                error = make_error_code(boost::system::errc::not_enough_memory);
            }
            return taken;
        }
        void finish(boost::beast::error_code& error) { error = {}; }

    private:
        static constexpr std::size_t small_body_max = 1U << 20U;
        value_type& body_;
    };
};

template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <class U>
    explicit WipingAllocator(WipingAllocator<U> const&) {}

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* bytes, std::size_t count) {
        wipe({reinterpret_cast<char*>(bytes), count * sizeof(T)});
        std::allocator<T>().deallocate(bytes, count);
    }
    friend bool operator==(WipingAllocator, WipingAllocator) { return true; }
};

using WipingBuffer = boost::beast::basic_flat_buffer<WipingAllocator<char>>;

/// Overwrites what the buffer holds beyond its unread bytes.
inline void wipe_consumed(WipingBuffer& buffer) {
    auto const room = buffer.prepare(buffer.capacity() - buffer.size());
    wipe({static_cast<char*>(room.data()), room.size()});
}

}  // namespace kssedr::listen
