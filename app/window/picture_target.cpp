#include "app/window/picture_target.h"

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>
#include <algorithm>

namespace hopscope::app {

int PictureTarget::largest_side() {
    GLint target = 0, view[2] = {};
    glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &target);
    glGetIntegerv(GL_MAX_VIEWPORT_DIMS, view);
    return std::min({target, view[0], view[1]});
}

PictureTarget::PictureTarget(int width, int height) : width_(width), height_(height) {
    if (width <= 0 || height <= 0) return;
    glGenRenderbuffers(1, &colour_);
    glBindRenderbuffer(GL_RENDERBUFFER, colour_);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width_, height_);
    glGenFramebuffers(1, &target_);
    glBindFramebuffer(GL_FRAMEBUFFER, target_);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour_);
    usable_ = glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
}

PictureTarget::~PictureTarget() {
    if (target_) glDeleteFramebuffers(1, &target_);
    if (colour_) glDeleteRenderbuffers(1, &colour_);
}

void PictureTarget::bind() const {
    glBindFramebuffer(GL_FRAMEBUFFER, target_);
    glViewport(0, 0, width_, height_);
}

Pixels PictureTarget::picture() const {
    bind();
    return grab_framebuffer({0, 0, width_, height_});
}

}  // namespace hopscope::app
