#include "core/text/corpus.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/text/byte_stream.h"
#include "core/text/corpus_files.h"

namespace hopscope::core {

namespace fs = std::filesystem;

namespace {

constexpr size_t kReadBytes = size_t{1} << 18;

}  // namespace

CorpusReader::CorpusReader(const std::string& path, std::string what,
                           std::vector<std::string> files, int64_t total)
    : what_(std::move(what)), name_(shown_path(path)), files_(std::move(files)), total_(total) {}
CorpusReader::~CorpusReader() = default;

Result<std::unique_ptr<CorpusReader>> CorpusReader::open(const std::string& path,
                                                         const std::string& what) {
    auto files = corpus_files(path, what);
    if (!files) return files.error();
    int64_t total = 0;
    for (const auto& file : *files) {
        std::error_code code;
        const auto size = fs::file_size(file, code);
        if (!code) total += static_cast<int64_t>(size);
    }
    std::unique_ptr<CorpusReader> reader(new CorpusReader(path, what, std::move(*files), total));
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
    if (!stream) return Error{stream.error().kind, what_ + " " + stream.error().message};
    stream_ = std::move(*stream);
    // Files joined otherwise are another corpus.
    if (next_file_ > 0) hash_.update("\xff", 1);
    ++next_file_;
    file_bytes_ = line_ = 0;
    utf8_ = {};
    return {};
}

Error CorpusReader::at(const std::string& what) const {
    return usage_error(what_ + " " + shown_path(files_[next_file_ - 1]) + ": " + what);
}

/// Appends the next bytes of the open file to buffer_, checked; closes the file at its end.
Status CorpusReader::fill() {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    const size_t old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    size_t size = 0;
    // At the beginning of a file, until there is enough to tell a byte-order mark.
    do {
        auto got = stream_->read(buffer_.data() + old + size, kReadBytes - size);
        if (!got) return Error{got.error().kind, what_ + " " + got.error().message};
        if (*got == 0) break;
        size += *got;
    } while (file_bytes_ == 0 && size < kByteOrderMark.size());
    buffer_.resize(old + size);
    const std::string_view fresh(buffer_.data() + old, size);
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
    if ((nul || bad) && file_bytes_ == 0)
        if (const std::string form = foreign_form(fresh); !form.empty()) return at(form);
    if (nul && (!bad || nul_at < *bad)) {
        return at("a binary file: byte 0 at byte " + std::to_string(nul_at) +
                  "; give UTF-8 text (or .xz of it)");
    }
    if (bad) {
        return at("not UTF-8: first bad byte at byte " + std::to_string(*bad) +
                  " of the text; convert it, e.g. with iconv -t UTF-8");
    }
    const bool marked = file_bytes_ == 0 && fresh.starts_with(kByteOrderMark);
    file_bytes_ += static_cast<int64_t>(fresh.size());
    const std::string_view text = fresh.substr(marked ? kByteOrderMark.size() : 0);
    bytes_ += static_cast<int64_t>(text.size());
    hash_.update(text);
    if (marked) buffer_.erase(old, kByteOrderMark.size());
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
                    return usage_error(what_ + " " + name_ +
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
