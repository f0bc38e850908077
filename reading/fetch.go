package reading

import "lenddesk/store"

// task is a statement to be asked, and what follows when it has been answered.
type task struct {
	question *store.Question
	deeper   bool // something may follow
	then     func() ([]*task, error)
}

// ask asks the tasks and all that follows from them, level by level: what stands on one level doesn't depend on each other and is asked together.
func (r *run) ask(tasks []*task) error {
	for len(tasks) > 0 {
		last := r.last
		questions := make([]*store.Question, len(tasks))
		for i, t := range tasks {
			last = last && !t.deeper
			questions[i] = t.question
			if r.reader.Watch != nil {
				r.reader.Watch(r.ctx, t.question.SQL)
			}
		}
		if err := r.sitting.ask(r.ctx, last, questions...); err != nil {
			return err
		}
		var next []*task
		for _, t := range tasks {
			if t.then == nil {
				continue
			}
			more, err := t.then()
			if err != nil {
				return err
			}
			next = append(next, more...)
		}
		tasks = next
	}
	return nil
}

// follow is what is to be asked for the rows of a level, once they are there.
func (f *frame) follow(l *level, at *rows) ([]*task, error) {
	if at.Len() == 0 || len(l.children) == 0 {
		return nil, nil
	}
	at.kids = make([]any, len(l.children))
	var tasks []*task
	for i, c := range l.children {
		state, more, err := c.ask(f, at)
		if err != nil {
			return nil, err
		}
		at.kids[i] = state
		tasks = append(tasks, more...)
	}
	return tasks, nil
}
