#include "viz/point_renderer.h"

#include <GL/glcorearb.h>
#include <algorithm>
#include <cstddef>
#include <utility>

namespace hopscope::viz {
namespace {

// Functions of GL 3.3 that are used, each with the type that the Khronos header gives it.
#define HOPSCOPE_GL_FUNCTIONS(X)                                 \
    X(PFNGLCREATESHADERPROC, CreateShader)                       \
    X(PFNGLSHADERSOURCEPROC, ShaderSource)                       \
    X(PFNGLCOMPILESHADERPROC, CompileShader)                     \
    X(PFNGLGETSHADERIVPROC, GetShaderiv)                         \
    X(PFNGLGETSHADERINFOLOGPROC, GetShaderInfoLog)               \
    X(PFNGLDELETESHADERPROC, DeleteShader)                       \
    X(PFNGLCREATEPROGRAMPROC, CreateProgram)                     \
    X(PFNGLATTACHSHADERPROC, AttachShader)                       \
    X(PFNGLLINKPROGRAMPROC, LinkProgram)                         \
    X(PFNGLGETPROGRAMIVPROC, GetProgramiv)                       \
    X(PFNGLDELETEPROGRAMPROC, DeleteProgram)                     \
    X(PFNGLUSEPROGRAMPROC, UseProgram)                           \
    X(PFNGLGETUNIFORMLOCATIONPROC, GetUniformLocation)           \
    X(PFNGLUNIFORM1FPROC, Uniform1f)                             \
    X(PFNGLUNIFORM2FPROC, Uniform2f)                             \
    X(PFNGLUNIFORMMATRIX4FVPROC, UniformMatrix4fv)               \
    X(PFNGLGENVERTEXARRAYSPROC, GenVertexArrays)                 \
    X(PFNGLBINDVERTEXARRAYPROC, BindVertexArray)                 \
    X(PFNGLDELETEVERTEXARRAYSPROC, DeleteVertexArrays)           \
    X(PFNGLGENBUFFERSPROC, GenBuffers)                           \
    X(PFNGLBINDBUFFERPROC, BindBuffer)                           \
    X(PFNGLBUFFERDATAPROC, BufferData)                           \
    X(PFNGLDELETEBUFFERSPROC, DeleteBuffers)                     \
    X(PFNGLENABLEVERTEXATTRIBARRAYPROC, EnableVertexAttribArray) \
    X(PFNGLVERTEXATTRIBPOINTERPROC, VertexAttribPointer)         \
    X(PFNGLVERTEXATTRIBIPOINTERPROC, VertexAttribIPointer)       \
    X(PFNGLVERTEXATTRIBDIVISORPROC, VertexAttribDivisor)         \
    X(PFNGLDRAWARRAYSINSTANCEDPROC, DrawArraysInstanced)         \
    X(PFNGLDRAWARRAYSPROC, DrawArrays)                           \
    X(PFNGLGENFRAMEBUFFERSPROC, GenFramebuffers)                 \
    X(PFNGLBINDFRAMEBUFFERPROC, BindFramebuffer)                 \
    X(PFNGLFRAMEBUFFERTEXTURE2DPROC, FramebufferTexture2D)       \
    X(PFNGLCHECKFRAMEBUFFERSTATUSPROC, CheckFramebufferStatus)   \
    X(PFNGLDELETEFRAMEBUFFERSPROC, DeleteFramebuffers)           \
    X(PFNGLBLENDFUNCSEPARATEPROC, BlendFuncSeparate)             \
    X(PFNGLBLENDEQUATIONPROC, BlendEquation)                     \
    X(PFNGLGENTEXTURESPROC, GenTextures)                         \
    X(PFNGLBINDTEXTUREPROC, BindTexture)                         \
    X(PFNGLTEXIMAGE2DPROC, TexImage2D)                           \
    X(PFNGLTEXPARAMETERIPROC, TexParameteri)                     \
    X(PFNGLDELETETEXTURESPROC, DeleteTextures)                   \
    X(PFNGLVIEWPORTPROC, Viewport)                               \
    X(PFNGLCLEARCOLORPROC, ClearColor)                           \
    X(PFNGLCLEARPROC, Clear)                                     \
    X(PFNGLENABLEPROC, Enable)                                   \
    X(PFNGLDISABLEPROC, Disable)                                 \
    X(PFNGLISENABLEDPROC, IsEnabled)                             \
    X(PFNGLGETINTEGERVPROC, GetIntegerv)

// Sizes are in pixels of the texture; a glyph's square is one pixel larger on each side for its
// smooth edge. Points are GL points, not instanced quads: software GL pays for each instance as for
// a call.
constexpr const char* kPointVertex = R"(#version 330 core
layout(location = 0) in vec3 center;
layout(location = 1) in float size;
layout(location = 2) in vec4 color;
layout(location = 3) in vec4 outline;
layout(location = 4) in uint glyph;
uniform mat4 view;
uniform float ratio;
out vec4 fill;
out vec4 edge;
flat out float radius;
flat out uint shape;
void main() {
    radius = 0.5 * size * ratio;
    gl_Position = view * vec4(center, 1.0);
    gl_PointSize = 2.0 * (radius + 1.0);
    fill = color;
    edge = outline;
    shape = glyph;
}
)";

constexpr const char* kPointFragment = R"(#version 330 core
in vec4 fill;
in vec4 edge;
flat in float radius;
flat in uint shape;
uniform float ratio;
out vec4 result;
void main() {
    vec2 at = (gl_PointCoord * 2.0 - 1.0) * (radius + 1.0);
    float d = length(at);
    if (shape == 2u) d = max(abs(at.x), abs(at.y));
    if (shape == 3u) d = (abs(at.x) + abs(at.y)) * 0.7071;
    float cover = clamp(radius - d + 0.5, 0.0, 1.0);
    if (cover <= 0.0) discard;
    float line = 1.2 * ratio;
    vec4 c = fill;
    if (shape == 1u) {
        c.a *= clamp(d - (radius - 1.6 * line) + 0.5, 0.0, 1.0);
    } else if (edge.a > 0.0) {
        c = mix(c, edge, clamp(d - (radius - line) + 0.5, 0.0, 1.0));
    }
    result = vec4(c.rgb, c.a * cover);
}
)";

constexpr const char* kLineVertex = R"(#version 330 core
layout(location = 0) in vec3 from;
layout(location = 1) in vec3 to;
layout(location = 2) in vec4 color0;
layout(location = 3) in vec4 color1;
layout(location = 4) in float width;
uniform mat4 view;
uniform vec2 extent;
uniform float ratio;
out float across;
out vec4 fill;
flat out float half_width;
void main() {
    vec4 a = view * vec4(from, 1.0), b = view * vec4(to, 1.0);
    vec2 along = (b.xy / b.w - a.xy / a.w) * extent;
    float len = length(along);
    vec2 normal = len > 0.0 ? vec2(-along.y, along.x) / len : vec2(0.0, 1.0);
    half_width = max(0.5 * width * ratio, 0.5);
    float side = float((gl_VertexID & 1) * 2 - 1);
    across = side * (half_width + 1.0);
    bool end = (gl_VertexID >> 1) == 1;
    gl_Position = end ? b : a;
    gl_Position.xy += normal * across / extent * 2.0 * gl_Position.w;
    fill = end ? color1 : color0;
}
)";

constexpr const char* kLineFragment = R"(#version 330 core
in float across;
in vec4 fill;
flat in float half_width;
out vec4 result;
void main() {
    result = vec4(fill.rgb, fill.a * clamp(half_width - abs(across) + 0.5, 0.0, 1.0));
}
)";

}  // namespace

struct PointRenderer::Gl {
#define HOPSCOPE_GL_MEMBER(type, name) type name = nullptr;
    HOPSCOPE_GL_FUNCTIONS(HOPSCOPE_GL_MEMBER)
#undef HOPSCOPE_GL_MEMBER

    struct Batch {
        GLuint program = 0, array = 0, buffer = 0;
        GLint view = -1, extent = -1, ratio = -1;
        GLsizei count = 0;
    };
    /// A texture to draw into.
    struct Canvas {
        GLuint target = 0, texture = 0;
        int width = 0, height = 0;
    };
    /// How a picture is seen.
    struct View {
        std::array<float, 16> matrix{};
        int width = 0, height = 0;
        uint32_t background = 0;
        float pixel_ratio = 1;
        bool operator==(const View&) const = default;
    };
    Batch points, segments;
    Canvas shown, drawn;  ///< the last whole picture, and the one that is drawn in parts
    View view, whole;     ///< of the picture that was begun last, and of the last whole one
    GLsizei next = 0;     ///< point of the picture that was begun
    bool begun = false;

    bool tried = false, works = false, dirty = true;
    std::string error;
    uint64_t draws = 0;

    bool load(GlLoader loader) {
#define HOPSCOPE_GL_LOAD(type, name)                   \
    name = reinterpret_cast<type>(loader("gl" #name)); \
    if (!name) error = "OpenGL 3.3 function gl" #name " is missing here";
        HOPSCOPE_GL_FUNCTIONS(HOPSCOPE_GL_LOAD)
#undef HOPSCOPE_GL_LOAD
        return error.empty();
    }

    GLuint compile(GLenum kind, const char* source) {
        const GLuint shader = CreateShader(kind);
        ShaderSource(shader, 1, &source, nullptr);
        CompileShader(shader);
        GLint done = 0;
        GetShaderiv(shader, GL_COMPILE_STATUS, &done);
        if (!done) {
            char text[512] = "";
            GetShaderInfoLog(shader, sizeof text, nullptr, text);
            error = std::string("the point shader does not compile: ") + text;
        }
        return shader;
    }

    bool build(Batch& batch, const char* vertex, const char* fragment) {
        const GLuint v = compile(GL_VERTEX_SHADER, vertex);
        const GLuint f = compile(GL_FRAGMENT_SHADER, fragment);
        batch.program = CreateProgram();
        AttachShader(batch.program, v);
        AttachShader(batch.program, f);
        LinkProgram(batch.program);
        DeleteShader(v);
        DeleteShader(f);
        GLint done = 0;
        GetProgramiv(batch.program, GL_LINK_STATUS, &done);
        if (!done && error.empty()) error = "the point shader does not link";
        if (!error.empty()) return false;
        batch.view = GetUniformLocation(batch.program, "view");
        batch.extent = GetUniformLocation(batch.program, "extent");
        batch.ratio = GetUniformLocation(batch.program, "ratio");
        GenVertexArrays(1, &batch.array);
        GenBuffers(1, &batch.buffer);
        return true;
    }

    void floats(GLuint slot, GLint n, size_t stride, size_t offset) {
        attribute(slot, n, GL_FLOAT, GL_FALSE, stride, offset);
    }
    void colour(GLuint slot, size_t stride, size_t offset) {
        attribute(slot, 4, GL_UNSIGNED_BYTE, GL_TRUE, stride, offset);
    }
    void attribute(GLuint slot, GLint n, GLenum type, GLboolean normal, size_t stride,
                   size_t offset) {
        EnableVertexAttribArray(slot);
        VertexAttribPointer(slot, n, type, normal, static_cast<GLsizei>(stride),
                            reinterpret_cast<const void*>(offset));
    }

    void layout() {
        BindVertexArray(points.array);
        BindBuffer(GL_ARRAY_BUFFER, points.buffer);
        floats(0, 3, sizeof(Point), offsetof(Point, x));
        floats(1, 1, sizeof(Point), offsetof(Point, size));
        colour(2, sizeof(Point), offsetof(Point, color));
        colour(3, sizeof(Point), offsetof(Point, outline));
        EnableVertexAttribArray(4);
        VertexAttribIPointer(4, 1, GL_UNSIGNED_INT, sizeof(Point),
                             reinterpret_cast<const void*>(offsetof(Point, glyph)));

        BindVertexArray(segments.array);
        BindBuffer(GL_ARRAY_BUFFER, segments.buffer);
        floats(0, 3, sizeof(Segment), offsetof(Segment, x0));
        floats(1, 3, sizeof(Segment), offsetof(Segment, x1));
        colour(2, sizeof(Segment), offsetof(Segment, color0));
        colour(3, sizeof(Segment), offsetof(Segment, color1));
        floats(4, 1, sizeof(Segment), offsetof(Segment, width));
        for (GLuint slot = 0; slot < 5; ++slot) VertexAttribDivisor(slot, 1);
    }

    /// What of the context's state is changed here, put back at the end of its life.
    struct Kept {
        Gl& gl;
        GLint target = 0, program = 0, array = 0, buffer = 0, texture = 0, viewport[4] = {};
        GLint blend[4] = {}, equation = 0;
        GLboolean scissor, depth, blending, cull, point_size;

        explicit Kept(Gl& g) : gl(g) {
            gl.GetIntegerv(GL_FRAMEBUFFER_BINDING, &target);
            gl.GetIntegerv(GL_CURRENT_PROGRAM, &program);
            gl.GetIntegerv(GL_VERTEX_ARRAY_BINDING, &array);
            gl.GetIntegerv(GL_ARRAY_BUFFER_BINDING, &buffer);
            gl.GetIntegerv(GL_TEXTURE_BINDING_2D, &texture);
            gl.GetIntegerv(GL_VIEWPORT, viewport);
            gl.GetIntegerv(GL_BLEND_SRC_RGB, &blend[0]);
            gl.GetIntegerv(GL_BLEND_DST_RGB, &blend[1]);
            gl.GetIntegerv(GL_BLEND_SRC_ALPHA, &blend[2]);
            gl.GetIntegerv(GL_BLEND_DST_ALPHA, &blend[3]);
            gl.GetIntegerv(GL_BLEND_EQUATION_RGB, &equation);
            scissor = gl.IsEnabled(GL_SCISSOR_TEST);
            depth = gl.IsEnabled(GL_DEPTH_TEST);
            blending = gl.IsEnabled(GL_BLEND);
            cull = gl.IsEnabled(GL_CULL_FACE);
            point_size = gl.IsEnabled(GL_PROGRAM_POINT_SIZE);
        }
        ~Kept() {
            const auto name = [](GLint v) { return static_cast<GLuint>(v); };
            const auto kind = [](GLint v) { return static_cast<GLenum>(v); };
            gl.BindFramebuffer(GL_FRAMEBUFFER, name(target));
            gl.UseProgram(name(program));
            gl.BindVertexArray(name(array));
            gl.BindBuffer(GL_ARRAY_BUFFER, name(buffer));
            gl.BindTexture(GL_TEXTURE_2D, name(texture));
            gl.Viewport(viewport[0], viewport[1], viewport[2], viewport[3]);
            gl.BlendFuncSeparate(kind(blend[0]), kind(blend[1]), kind(blend[2]), kind(blend[3]));
            gl.BlendEquation(kind(equation));
            set(GL_SCISSOR_TEST, scissor);
            set(GL_DEPTH_TEST, depth);
            set(GL_BLEND, blending);
            set(GL_CULL_FACE, cull);
            set(GL_PROGRAM_POINT_SIZE, point_size);
        }
        void set(GLenum what, GLboolean on) { on ? gl.Enable(what) : gl.Disable(what); }
    };

    bool resize(Canvas& canvas, int w, int h) {
        if (canvas.target && w == canvas.width && h == canvas.height) return true;
        if (!canvas.target) GenFramebuffers(1, &canvas.target);
        if (!canvas.texture) GenTextures(1, &canvas.texture);
        BindTexture(GL_TEXTURE_2D, canvas.texture);
        TexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, w, h, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
        TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
        TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
        BindFramebuffer(GL_FRAMEBUFFER, canvas.target);
        FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, canvas.texture,
                             0);
        const bool complete = CheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
        canvas.width = complete ? w : 0;
        canvas.height = complete ? h : 0;
        return complete;
    }

    void prepare_state() {
        BindFramebuffer(GL_FRAMEBUFFER, drawn.target);
        Viewport(0, 0, view.width, view.height);
        Disable(GL_SCISSOR_TEST);
        Disable(GL_DEPTH_TEST);
        Disable(GL_CULL_FACE);
        Enable(GL_BLEND);
        BlendEquation(GL_FUNC_ADD);
        BlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
        Enable(GL_PROGRAM_POINT_SIZE);
    }

    void begin() {
        const auto channel = [&](int shift) {
            return static_cast<float>(view.background >> shift & 255u) / 255.0f;
        };
        ClearColor(channel(0), channel(8), channel(16), channel(24));
        Clear(GL_COLOR_BUFFER_BIT);
        if (bind(segments)) DrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, segments.count);
        next = 0;
        begun = true;
        dirty = false;
    }

    /// Later points lie in front, whatever parts they are drawn in.
    void go_on(size_t most) {
        const auto part =
            static_cast<GLsizei>(std::min(most, static_cast<size_t>(points.count - next)));
        if (bind(points) && part > 0) DrawArrays(GL_POINTS, next, part);
        next += part;
        if (next < points.count) return;
        std::swap(shown, drawn);
        whole = view;
        begun = false;
        ++draws;
    }

    bool shows_whole() const {
        return shown.texture && shown.width == view.width && shown.height == view.height;
    }

    /// → whether there is anything to draw, with program and array bound.
    bool bind(const Batch& batch) {
        if (batch.count == 0) return false;
        UseProgram(batch.program);
        UniformMatrix4fv(batch.view, 1, GL_FALSE, view.matrix.data());
        Uniform2f(batch.extent, static_cast<float>(view.width), static_cast<float>(view.height));
        Uniform1f(batch.ratio, view.pixel_ratio);
        BindVertexArray(batch.array);
        return true;
    }

    template <class Item>
    void upload(Batch& batch, const std::vector<Item>& items) {
        const Kept kept(*this);
        BindBuffer(GL_ARRAY_BUFFER, batch.buffer);
        BufferData(GL_ARRAY_BUFFER, static_cast<GLsizeiptr>(items.size() * sizeof(Item)),
                   items.data(), GL_DYNAMIC_DRAW);
        batch.count = static_cast<GLsizei>(items.size());
        dirty = true;
    }

    void release(Canvas& canvas) {
        if (canvas.target) DeleteFramebuffers(1, &canvas.target);
        if (canvas.texture) DeleteTextures(1, &canvas.texture);
    }
    void release(Batch& batch) {
        if (batch.buffer) DeleteBuffers(1, &batch.buffer);
        if (batch.array) DeleteVertexArrays(1, &batch.array);
        if (batch.program) DeleteProgram(batch.program);
    }
};

PointRenderer::PointRenderer() : gl_(std::make_unique<Gl>()) {}

PointRenderer::~PointRenderer() {
    if (!gl_->works) return;
    gl_->release(gl_->points);
    gl_->release(gl_->segments);
    gl_->release(gl_->shown);
    gl_->release(gl_->drawn);
}

bool PointRenderer::start(GlLoader loader) {
    if (gl_->tried) return gl_->works;
    gl_->tried = true;
    if (!loader || !gl_->load(loader)) return false;
    const Gl::Kept kept(*gl_);
    gl_->works = gl_->build(gl_->segments, kLineVertex, kLineFragment) &&
                 gl_->build(gl_->points, kPointVertex, kPointFragment);
    if (gl_->works) gl_->layout();
    return gl_->works;
}

const std::string& PointRenderer::error() const {
    return gl_->error;
}
uint64_t PointRenderer::draws() const {
    return gl_->draws;
}

void PointRenderer::set_points(const std::vector<Point>& points) {
    if (gl_->works) gl_->upload(gl_->points, points);
}

void PointRenderer::set_segments(const std::vector<Segment>& segments) {
    if (gl_->works) gl_->upload(gl_->segments, segments);
}

bool PointRenderer::whole() const {
    return !gl_->begun;
}

unsigned PointRenderer::render(const std::array<float, 16>& matrix, int width, int height,
                               uint32_t background, float pixel_ratio, size_t most) {
    Gl& gl = *gl_;
    if (!gl.works || width < 1 || height < 1) return 0;
    const Gl::View view = {matrix, width, height, background, pixel_ratio};
    if (!gl.dirty && !gl.begun && view == gl.whole && gl.shown.texture) return gl.shown.texture;
    const Gl::Kept kept(gl);
    if (!gl.resize(gl.drawn, width, height)) {
        gl.begun = false;
        gl.dirty = true;
        return 0;
    }
    const bool begins = gl.dirty || !gl.begun || view != gl.view;
    gl.view = view;
    gl.prepare_state();
    if (begins) gl.begin();
    gl.go_on(std::max<size_t>(most, 1));
    return gl.shows_whole() ? gl.shown.texture : gl.drawn.texture;
}

}  // namespace hopscope::viz
