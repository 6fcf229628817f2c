/// The functions of Qpid Proton's core that kssedr calls, loaded when the first event hub is read.

#pragma once

#include "base/shared_library.h"

#include <proton/codec.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/connection_driver.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/message.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

namespace kssedr::azure {

#define KSSEDR_PROTON(apply)                                                                                           \
    apply(pn_connection_driver_init) apply(pn_connection_driver_destroy) apply(pn_connection_driver_next_event) apply( \
        pn_connection_driver_read_buffer) apply(pn_connection_driver_read_done) apply(pn_connection_driver_read_close) \
        apply(pn_connection_driver_write_buffer) apply(pn_connection_driver_write_done)                                \
            apply(pn_connection_driver_write_close) apply(pn_connection_driver_close) apply(pn_transport_tick) apply(  \
                pn_transport_set_max_frame) apply(pn_transport_set_idle_timeout) apply(pn_transport_condition)         \
                apply(pn_sasl) apply(pn_sasl_allowed_mechs) apply(pn_sasl_set_allow_insecure_mechs) apply(             \
                    pn_connection_set_container) apply(pn_connection_set_hostname) apply(pn_connection_set_user)       \
                    apply(pn_connection_set_password) apply(pn_connection_open) apply(pn_connection_close) apply(      \
                        pn_connection_remote_condition) apply(pn_condition_is_set) apply(pn_condition_get_name)        \
                        apply(pn_condition_get_description) apply(pn_session) apply(pn_session_open)                   \
                            apply(pn_session_close) apply(pn_session_free) apply(pn_session_remote_condition) apply(   \
                                pn_event_type) apply(pn_event_link) apply(pn_event_session) apply(pn_event_delivery)   \
                                apply(pn_sender) apply(pn_receiver) apply(pn_link_open) apply(pn_link_close) apply(    \
                                    pn_link_free) apply(pn_link_session) apply(pn_link_source) apply(pn_link_target)   \
                                    apply(pn_link_remote_source) apply(pn_link_remote_target) apply(                   \
                                        pn_link_remote_condition) apply(pn_link_is_receiver) apply(pn_link_credit)     \
                                        apply(pn_link_flow) apply(pn_link_recv) apply(pn_link_send)                    \
                                            apply(pn_link_advance) apply(pn_link_properties) apply(                    \
                                                pn_link_set_snd_settle_mode) apply(pn_link_set_rcv_settle_mode)        \
                                                apply(pn_terminus_get_type) apply(pn_terminus_set_address)             \
                                                    apply(pn_terminus_filter) apply(pn_delivery) apply(pn_dtag) apply( \
                                                        pn_delivery_link) apply(pn_delivery_partial)                   \
                                                        apply(pn_delivery_readable) apply(pn_delivery_pending) apply(  \
                                                            pn_delivery_aborted) apply(pn_delivery_settle)             \
                                                            apply(pn_data_put_map) apply(pn_data_put_described)        \
                                                                apply(pn_data_put_symbol) apply(pn_data_put_string)    \
                                                                    apply(pn_data_put_ulong) apply(pn_data_put_long)   \
                                                                        apply(pn_data_enter) apply(pn_data_exit)       \
                                                                            apply(pn_message) apply(pn_message_free)   \
                                                                                apply(pn_message_id) apply(            \
                                                                                    pn_message_properties)             \
                                                                                    apply(pn_message_body) apply(      \
                                                                                        pn_message_set_address)        \
                                                                                        apply(pn_message_set_reply_to) \
                                                                                            apply(pn_message_encode)

struct Proton {
    KSSEDR_PROTON(KSSEDR_LIBRARY_MEMBER)

    static Result<Proton> load();
    /// The functions, for whoever asks first or later. `unavailable` where the library is not installed.
    static Result<Proton const*> get();
};

}  // namespace kssedr::azure
