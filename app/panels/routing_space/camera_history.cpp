#include "app/panels/routing_space/camera_history.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <span>
#include <sstream>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr const char* kAll = "all";
constexpr double kFarthestPlace = 1e9;  ///< of a number that is read
/// Fewer than a float has: what is read and written again is the same text.
constexpr int kDigits = 6;
constexpr double kLeastSpan = 1e-6;

std::string numbers_in_words(std::initializer_list<float> numbers) {
    std::string text;
    for (const float number : numbers) {
        char digits[64];
        const auto end = std::to_chars(digits, digits + sizeof digits, number,
                                       std::chars_format::general, kDigits)
                             .ptr;
        text += (text.empty() ? "" : " ") + std::string(digits, end);
    }
    return text;
}

/// Whether the words are as many numbers as there is room for, none of them beyond reason.
bool read_all(const std::string& words, std::span<double> numbers) {
    std::istringstream all(words);
    size_t count = 0;
    for (std::string word; all >> word; ++count) {
        const auto number = core::read_number(word);
        if (count >= numbers.size() || !number || !(std::abs(*number) <= kFarthestPlace))
            return false;
        numbers[count] = *number;
    }
    return count == numbers.size();
}

}  // namespace

bool CameraPlace::shows_what(const CameraPlace& other) const {
    return center == other.center && span == other.span && yaw == other.yaw && pitch == other.pitch;
}

std::string camera_in_words(const CameraPlace& place) {
    return place.follows ? kAll : numbers_in_words({place.center.x, place.center.y, place.span});
}

std::string turn_in_words(const CameraPlace& place) {
    return numbers_in_words({place.yaw, place.pitch});
}

void read_camera(const std::string& words, CameraPlace& place) {
    double numbers[3];
    if (words == kAll) place.follows = true;
    if (!read_all(words, numbers) || numbers[2] < kLeastSpan) return;
    place.follows = false;
    place.center = {static_cast<float>(numbers[0]), static_cast<float>(numbers[1])};
    place.span = static_cast<float>(numbers[2]);
}

void read_turn(const std::string& words, CameraPlace& place) {
    double numbers[2];
    if (!read_all(words, numbers)) return;
    place.yaw = static_cast<float>(numbers[0]);
    place.pitch = static_cast<float>(numbers[1]);
}

void CameraHistory::step(const CameraPlace& before, uint64_t order) {
    past_.push_back({before, order});
    if (past_.size() > kMost) past_.erase(past_.begin());
    future_.clear();
}

void CameraHistory::forget() {
    past_.clear();
    future_.clear();
}

CameraPlace CameraHistory::go(const CameraPlace& now, std::vector<Step>& from,
                              std::vector<Step>& to) {
    const Step step = from.back();
    from.pop_back();
    to.push_back({now, step.order});
    return step.place;
}

CameraPlace CameraHistory::undo(const CameraPlace& now) {
    return go(now, past_, future_);
}

CameraPlace CameraHistory::redo(const CameraPlace& now) {
    return go(now, future_, past_);
}

}  // namespace hopscope::app
