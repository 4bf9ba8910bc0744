// What a picture is drawn into in place of the screen: a framebuffer of OpenGL of any size. Owner's
// thread only, where an OpenGL 3.3 context is current as long as it lives.
#pragma once

#include "app/window/screenshot.h"

namespace hopscope::app {

class PictureTarget {
  public:
    /// Of a picture that the driver draws, pixels.
    static int largest_side();

    PictureTarget(int width, int height);
    ~PictureTarget();
    PictureTarget(const PictureTarget&) = delete;
    PictureTarget& operator=(const PictureTarget&) = delete;

    /// false: the driver makes none of this size.
    bool usable() const { return usable_; }
    /// All that is drawn until another target is bound goes here.
    void bind() const;
    /// What was drawn; binds it.
    Pixels picture() const;

  private:
    unsigned target_ = 0, colour_ = 0;
    int width_ = 0, height_ = 0;
    bool usable_ = false;
};

}  // namespace hopscope::app
