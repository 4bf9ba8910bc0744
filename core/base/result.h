// Errors as values. Every function that can fail because of the world (a file, a config, a command)
// returns Result<T>; exceptions are for programming faults only. Plain C++, any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace hopscope::core {

/// What the caller of the program should be told; the command line maps it to its exit code
/// (docs/guide.md#output-and-exit-codes).
enum class ErrorKind {
    usage,        ///< exit 2: the call, a config or an input file is wrong
    failed,       ///< exit 1: the work failed
    interrupted,  ///< exit 130: stopped on request after a clean stop
};

/// One sentence a user can act on: names the file, line or key, what was found, what is allowed,
/// what to do.
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string message;
};

inline Error usage_error(std::string message) {
    return {ErrorKind::usage, std::move(message)};
}
inline Error failure(std::string message) {
    return {ErrorKind::failed, std::move(message)};
}
/// The same error, said of something; its kind stays: what is wrong with a file is the call's to
/// mend, that descriptors or memory ran out while it was read is not.
inline Error said_of(const std::string& place, Error error) {
    error.message = place + error.message;
    return error;
}
/// What is wrong with an input, and what to give instead; other errors have their own advice.
inline Error with_advice(Error error, const std::string& advice) {
    if (error.kind == ErrorKind::usage) error.message += "; " + advice;
    return error;
}
/// The end of work that was asked to end before it was done: "evaluation stopped on request".
inline Error stopped_on_request(const std::string& work = "") {
    return {ErrorKind::interrupted, (work.empty() ? "" : work + " ") + "stopped on request"};
}

/// Either a value or an Error. `if (!r) return r.error();` passes an error on.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    bool ok() const { return state_.index() == 0; }
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, Error> state_;
};

/// Result of work that yields nothing but success.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    explicit operator bool() const { return !error_; }
    bool ok() const { return !error_; }
    const Error& error() const { return *error_; }

  private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace hopscope::core
