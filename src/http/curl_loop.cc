#include "http/curl_loop.h"

#include "base/check.h"

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <bit>
#include <utility>
#include <vector>

namespace kssedr::http {

// A socket of libcurl's in the event loop's hands. libcurl opens and closes it; we only wait on it.
struct CurlLoop::Watch {
    Watch(asio::any_io_executor const& executor, curl_socket_t s) : socket(s), descriptor(executor) {}
    ~Watch() { let_go(); }

    void let_go() {
        wanted = 0;
        if (descriptor.is_open()) descriptor.release();  // or the destructor would close libcurl's socket
    }

    curl_socket_t socket;
    asio::posix::stream_descriptor descriptor;
    int wanted = 0;   // CURL_POLL_IN and CURL_POLL_OUT, as libcurl last said; 0: not watched any more
    int waiting = 0;  // the same bits: for which a wait is under way
};

CurlLoop::CurlLoop(asio::any_io_executor executor, TransportOptions const& options)
    : executor_(executor), timer_(executor), due_(executor), multi_(curl_multi_init()) {
    KSSEDR_CHECK(multi_ != nullptr, "libcurl gave no handle");
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options.connections_per_host);
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.connections_max);
    // How many are kept open; left to itself libcurl keeps four for each transfer under way, so few when it is quiet.
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options.connections_max);
}

CurlLoop::~CurlLoop() {
    for (auto const& [id, transfer] : transfers_) curl_multi_remove_handle(multi_, transfer.easy);
    // A handler owns the coroutine that waits; dropping it frees the call and its handle, which has left the multi
    // handle.
    auto const dropped = std::exchange(transfers_, {});
    curl_multi_cleanup(multi_);
}

template <class H>
void CurlLoop::start(CURL* easy, Duration limit, H unerased) {
    auto const id = next_id_++;
    // Erased first: erasing puts a cancellation state of its own into the slot, over whatever was assigned there.
    Handler handler(std::move(unerased));
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
        slot.assign([weak = weak_from_this(), id](asio::cancellation_type type) {
            if (type == asio::cancellation_type::none) return;
            if (auto const self = weak.lock()) self->end(id, asio::error::operation_aborted, {});
        });
    }
    auto deadline = std::make_unique<asio::steady_timer>(executor_);
    deadline->expires_after(limit);
    deadline->async_wait([weak = weak_from_this(), id](boost::system::error_code error) {
        auto const self = weak.lock();
        if (!error && self) self->end(id, {}, {CURLE_OPERATION_TIMEDOUT, Ending::by_deadline});
    });
    transfers_.emplace(id, Transfer{easy, std::move(handler), std::move(deadline)});
    curl_easy_setopt(easy, CURLOPT_PRIVATE, std::bit_cast<void*>(id));
    // libcurl answers with a timer that is due. A turn of the event loop to get there costs more than going on.
    is_adding_ = true;
    auto const added = curl_multi_add_handle(multi_, easy);
    is_adding_ = false;
    if (added != CURLM_OK) return end(id, {}, {CURLE_FAILED_INIT, Ending::by_curl});
    act(CURL_SOCKET_TIMEOUT, 0, Told::soon);
}

Task<Ended> CurlLoop::run(CURL* easy, Duration limit) {
    return asio::async_initiate<asio::use_awaitable_t<> const&, void(boost::system::error_code, Ended)>(
        [this, easy, limit](auto handler) { start(easy, limit, std::move(handler)); }, asio::use_awaitable);
}

void CurlLoop::end(std::uint64_t id, boost::system::error_code error, Ended ended) {
    auto const found = transfers_.extract(id);
    if (!found) return;
    auto& transfer = found.mapped();
    curl_multi_remove_handle(multi_, transfer.easy);
    tell(std::move(transfer.handler), error, ended, Told::soon);
}

void CurlLoop::tell(Handler handler, boost::system::error_code error, Ended ended, Told told) {
    auto whole = asio::append(std::move(handler), error, ended);
    if (told == Told::at_once)
        asio::dispatch(executor_, std::move(whole));
    else
        asio::post(executor_, std::move(whole));
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<CurlLoop*>(self)->watch(socket, what);
    return 0;
}

void CurlLoop::watch(curl_socket_t socket, int what) {
    auto found = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (found == watches_.end()) return;
        found->second->let_go();
        watches_.erase(found);
        return;
    }
    if (found == watches_.end()) {
        auto watched = std::make_shared<Watch>(executor_, socket);
        boost::system::error_code error;
        watched->descriptor.assign(socket, error);
        if (error) return;  // libcurl's own time limits end what then never becomes ready
        found = watches_.emplace(socket, std::move(watched)).first;
    }
    found->second->wanted = what;
    arm(found->second);
}

void CurlLoop::arm(std::shared_ptr<Watch> const& watched) {
    if ((watched->wanted & CURL_POLL_IN & ~watched->waiting) != 0) arm(watched, CURL_POLL_IN);
    if ((watched->wanted & CURL_POLL_OUT & ~watched->waiting) != 0) arm(watched, CURL_POLL_OUT);
}

void CurlLoop::arm(std::shared_ptr<Watch> const& watched, int direction) {
    watched->waiting |= direction;
    auto const wait =
        direction == CURL_POLL_IN ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    watched->descriptor.async_wait(wait,
                                   [weak = weak_from_this(), watched, direction](boost::system::error_code error) {
                                       auto const self = weak.lock();
                                       watched->waiting &= ~direction;
                                       if (!self || (watched->wanted & direction) == 0) return;
                                       int const ready = direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
                                       self->act(watched->socket, error ? CURL_CSELECT_ERR : ready);
                                       self->arm(watched);
                                   });
}

int CurlLoop::on_timer(CURLM*, long delay_ms, void* self_pointer) {
    auto& self = *static_cast<CurlLoop*>(self_pointer);
    if (delay_ms == 0) {
        self.act_soon();
    } else if (delay_ms > 0) {
        self.due_.expires_after(std::chrono::milliseconds(delay_ms));
        self.wait_for_due();
    } else {
        self.due_.expires_at(asio::steady_timer::time_point::max());
    }
    return 0;
}

void CurlLoop::act_soon() {
    due_.expires_at(asio::steady_timer::time_point::max());  // when it has acted libcurl says what is next
    if (is_adding_) return;
    if (std::exchange(acts_soon_, true)) return;
    asio::post(executor_, [weak = weak_from_this()] {
        auto const self = weak.lock();
        if (!self) return;
        self->acts_soon_ = false;
        self->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

// libcurl names a time with each thing it does, and mostly puts it off by that. So a timer that rings too early is left
// to: it looks then when it is due.
void CurlLoop::wait_for_due() {
    if (is_waiting_ && timer_.expiry() <= due_.expiry()) return;
    is_waiting_ = true;
    timer_.expires_at(due_.expiry());
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        auto const self = weak.lock();
        if (error || !self) return;
        self->is_waiting_ = false;
        if (self->due_.expiry() <= self->timer_.expiry()) return self->act(CURL_SOCKET_TIMEOUT, 0);
        if (self->due_.expiry() != asio::steady_timer::time_point::max()) self->wait_for_due();
    });
}

void CurlLoop::act(curl_socket_t socket, int events, Told told) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
    collect(told);
}

// Whoever is told at once may call again, and let go of this.
void CurlLoop::collect(Told told) {
    auto const self = shared_from_this();
    std::vector<std::pair<Handler, Ended>> ended;
    int left = 0;
    while (CURLMsg const* const message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        void* id = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &id);
        auto found = transfers_.extract(std::bit_cast<std::uint64_t>(id));
        if (!found) continue;
        // Removing it ends the message.
        ended.emplace_back(std::move(found.mapped().handler), Ended{message->data.result, Ending::by_curl});
        curl_multi_remove_handle(multi_, found.mapped().easy);
    }
    for (auto& [handler, how] : ended) tell(std::move(handler), {}, how, told);
}

}  // namespace kssedr::http
