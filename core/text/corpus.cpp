#include "core/text/corpus.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/text/byte_stream.h"

namespace hopscope::core {

namespace fs = std::filesystem;

namespace {

constexpr size_t kReadBytes = size_t{1} << 18;

/// The files of a corpus in reading order.
Result<std::vector<std::string>> list_files(const std::string& path) {
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (!fs::exists(status)) {
        return usage_error("corpus " + path +
                           " does not exist; give a UTF-8 text file, an .xz file or a folder of "
                           "them");
    }
    if (!fs::is_directory(status)) return std::vector<std::string>{path};
    std::vector<std::string> files;
    auto it = fs::recursive_directory_iterator(path, code);
    for (; !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
        const bool hidden = it->path().filename().string().starts_with(".");
        std::error_code ignored;
        if (it->is_directory(ignored)) {
            if (hidden) it.disable_recursion_pending();
        } else if (!hidden && it->is_regular_file(ignored)) {
            files.push_back(it->path().string());
        }
    }
    if (code) return usage_error("corpus " + path + ": cannot be listed: " + code.message());
    if (files.empty()) return usage_error("corpus " + path + ": the folder holds no text file");
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

CorpusReader::CorpusReader(std::string path, std::vector<std::string> files, int64_t total)
    : path_(std::move(path)), files_(std::move(files)), total_(total) {}
CorpusReader::~CorpusReader() = default;

Result<std::unique_ptr<CorpusReader>> CorpusReader::open(const std::string& path) {
    auto files = list_files(path);
    if (!files) return files.error();
    int64_t total = 0;
    for (const auto& file : *files) {
        std::error_code code;
        const auto size = fs::file_size(file, code);
        if (!code) total += static_cast<int64_t>(size);
    }
    std::unique_ptr<CorpusReader> reader(new CorpusReader(path, std::move(*files), total));
    if (auto status = reader->rewind(); !status) return status.error();
    return reader;
}

Status CorpusReader::rewind() {
    stream_.reset();
    buffer_.clear();
    begin_ = scanned_ = next_file_ = file_ = 0;
    packed_before_ = file_bytes_ = bytes_ = line_ = 0;
    hash_ = {};
    return open_next_file();
}

Status CorpusReader::open_next_file() {
    if (stream_) packed_before_ += stream_->packed_position();
    stream_.reset();
    auto stream = ByteStream::open(files_[next_file_]);
    if (!stream) return stream.error();
    stream_ = std::move(*stream);
    // Files joined otherwise are another corpus.
    if (next_file_ > 0) hash_.update("\xff", 1);
    ++next_file_;
    file_bytes_ = line_ = 0;
    utf8_ = {};
    return {};
}

Error CorpusReader::at(const std::string& what) const {
    return usage_error("corpus " + files_[next_file_ - 1] + ": " + what);
}

/// Appends the next bytes of the open file to buffer_, checked; closes the file at its end.
Status CorpusReader::fill() {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    const size_t old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    auto got = stream_->read(buffer_.data() + old, kReadBytes);
    buffer_.resize(old + (got ? *got : 0));
    if (!got) return got.error();
    const std::string_view fresh(buffer_.data() + old, *got);
    if (fresh.empty()) {
        if (const auto bad = utf8_.finish()) {
            return at("not UTF-8: the character at byte " + std::to_string(*bad) +
                      " is cut off by the end of the file; convert it, e.g. with iconv -t UTF-8");
        }
        packed_before_ += stream_->packed_position();
        stream_.reset();
        return {};
    }
    const auto bad = utf8_.feed(fresh);
    const auto* nul = static_cast<const char*>(std::memchr(fresh.data(), 0, fresh.size()));
    const int64_t nul_at = nul ? file_bytes_ + (nul - fresh.data()) : -1;
    if (nul && (!bad || nul_at < *bad)) {
        return at("a binary file: byte 0 at byte " + std::to_string(nul_at) +
                  "; give UTF-8 text (or .xz of it)");
    }
    if (bad) {
        return at("not UTF-8: first bad byte at byte " + std::to_string(*bad) +
                  " of the text; convert it, e.g. with iconv -t UTF-8");
    }
    file_bytes_ += static_cast<int64_t>(fresh.size());
    bytes_ += static_cast<int64_t>(fresh.size());
    hash_.update(fresh);
    return {};
}

Result<bool> CorpusReader::next(std::string& line) {
    while (true) {
        const size_t end = buffer_.find('\n', scanned_);
        if (end != std::string::npos) {
            line.assign(buffer_, begin_, end - begin_);
            begin_ = scanned_ = end + 1;
        } else {
            scanned_ = buffer_.size();
            const auto held = static_cast<int64_t>(buffer_.size() - begin_);
            if (stream_ && held <= kMaxLineBytes) {
                if (auto status = fill(); !status) return status.error();
                continue;
            }
            if (!stream_ && held == 0) {
                if (next_file_ < files_.size()) {
                    if (auto status = open_next_file(); !status) return status.error();
                    continue;
                }
                if (bytes_ == 0) {
                    return usage_error("corpus " + path_ +
                                       ": is empty; give UTF-8 text (or .xz of it)");
                }
                return false;
            }
            line.assign(buffer_, begin_);
            begin_ = scanned_ = buffer_.size();
        }
        ++line_;
        file_ = next_file_ - 1;
        if (static_cast<int64_t>(line.size()) > kMaxLineBytes) {
            return at("line " + std::to_string(line_) + " is longer than " +
                      std::to_string(kMaxLineBytes >> 20) + " MiB; break it into lines");
        }
        return true;
    }
}

double CorpusReader::fraction() const {
    const int64_t read = packed_before_ + (stream_ ? stream_->packed_position() : 0);
    return total_ > 0 ? std::min(1.0, static_cast<double>(read) / static_cast<double>(total_)) : -1;
}

TextLines::TextLines(std::string text, std::string name)
    : text_(std::move(text)), name_(std::move(name)) {}

Result<bool> TextLines::next(std::string& line) {
    if (begin_ >= text_.size()) return false;
    const size_t end = std::min(text_.find('\n', begin_), text_.size());
    line.assign(text_, begin_, end - begin_);
    begin_ = end + 1;
    return true;
}

Status TextLines::rewind() {
    begin_ = 0;
    return {};
}

double TextLines::fraction() const {
    return text_.empty() ? 1.0
                         : static_cast<double>(std::min(begin_, text_.size())) /
                               static_cast<double>(text_.size());
}

bool is_separator(std::string_view line, std::string_view separator) {
    if (line.ends_with('\r') && !separator.ends_with('\r')) line.remove_suffix(1);
    return !separator.empty() && line == separator;
}

bool DocumentCounter::feed(const std::string& line, size_t file) {
    if (file != file_) end_document();
    file_ = file;
    if (is_separator(line, separator_)) {
        end_document();
        return true;
    }
    open_ = open_ || !line.empty();
    return false;
}

void DocumentCounter::end_document() {
    if (open_) ++ended_;
    open_ = false;
}

Result<CorpusCount> count_corpus(CorpusReader& reader, const std::string& separator,
                                 const Progress& progress) {
    if (auto status = reader.rewind(); !status) return status.error();
    CorpusCount count;
    DocumentCounter documents(separator);
    std::string line;
    while (true) {
        auto more = reader.next(line);
        if (!more) return more.error();
        if (!*more) break;
        documents.feed(line, reader.file_index());
        if (++count.lines % 65536 == 0) {
            progress.report("reading the corpus", reader.fraction());
            if (progress.cancelled()) return Error{ErrorKind::interrupted, "interrupted"};
        }
    }
    documents.end_document();
    count.bytes = reader.bytes();
    count.documents = documents.ended();
    count.hash = reader.hash();
    return count;
}

}  // namespace hopscope::core
