package redirect

func answerCanary(f Flow) { reset(f.Conn) }
