package consoletest

import (
	"encoding/json"
	"fmt"

	"github.com/chromedp/chromedp"
)

// The editors keep their whole text in Monaco's models; the page itself draws only the lines in view.
const (
	readModel = `(name) => window.__MONACO?.editor.getModels().find((model) => model.uri.path.endsWith(name))?.getValue() ?? null`

	writeModel = `(name, text) => window.__MONACO.editor.getModels().find((model) => model.uri.path.endsWith(name)).setValue(text)`

	tabButton     = `button[id^="graphiql-session-tab-"][title=%q]`
	executeButton = `button.graphiql-execute-button[aria-label^="Execute"]`
	signOutButton = `.strip-out`
)

// OpenPlayground opens the playground of the server at the address (such as http://127.0.0.1:8080) and waits until its editors
// are there and it has asked who is signed in.
func (b *Browser) OpenPlayground(address string) {
	b.t.Helper()
	b.Open(address + "/")
	b.await("waiting for the editors", `() => {
		const read = `+readModel+`;
		return ['operation.graphql', 'variables.json', 'response.json'].every((name) => read(name) !== null)
			&& document.querySelector('.strip-who')?.textContent;
	}`)
}

// Tabs is the titles of the tabs, from left to right: the names of their operations.
func (b *Browser) Tabs() []string {
	b.t.Helper()
	return run(b, "reading the tabs", chromedp.Evaluate[[]string](
		`[...document.querySelectorAll('button[id^="graphiql-session-tab-"]')].map((tab) => tab.textContent)`))
}

// OpenTab brings the tab with the title to the front.
func (b *Browser) OpenTab(title string) {
	b.t.Helper()
	tab := fmt.Sprintf(tabButton, title)
	b.do("opening the tab "+title, chromedp.Click(chromedp.CSS(tab)))
	b.await("waiting for the tab "+title, `(tab, title) => {
		const read = `+readModel+`;
		const button = document.querySelector(tab);
		return button?.id === document.getElementById('graphiql-session').getAttribute('aria-labelledby')
			&& read('operation.graphql').includes(' ' + title);
	}`, tab, title)
}

// SetVariables replaces the variables of the open tab by a JSON object, and waits until the tab has taken them: GraphiQL takes
// an edit up, and saves it, a moment after the last key.
func (b *Browser) SetVariables(object string) {
	b.t.Helper()
	b.do("forgetting the saved variables", chromedp.Evaluate[chromedp.Void](`localStorage.removeItem('graphiql:variables')`))
	b.write("variables.json", "")
	b.write("variables.json", object)
	b.await("waiting for the tab to take its variables", `() => localStorage.getItem('graphiql:variables')`)
}

// Execute presses the button of the open tab, waits for the answer and gives the response pane's text.
func (b *Browser) Execute() string {
	b.t.Helper()
	b.write("response.json", "") // an answer that stood there already is not the one waited for
	b.do("pressing the button", chromedp.Click(chromedp.CSS(executeButton)))
	b.await("waiting for the response", `(button) => {
		const read = `+readModel+`;
		return read('response.json') && document.querySelector(button);
	}`, executeButton)
	return b.Response()
}

// Run opens the tab with the title, sets its variables unless they are empty, and executes it.
func (b *Browser) Run(title, variables string) string {
	b.t.Helper()
	b.OpenTab(title)
	if variables != "" {
		b.SetVariables(variables)
	}
	return b.Execute()
}

// Begin opens the tab with the title, sets its variables, and executes it without waiting for the end: a subscription has none.
func (b *Browser) Begin(title, variables string) {
	b.t.Helper()
	b.OpenTab(title)
	b.SetVariables(variables)
	b.write("response.json", "")
	b.do("pressing the button", chromedp.Click(chromedp.CSS(executeButton)))
}

// AwaitResponse waits until the response pane has the text.
func (b *Browser) AwaitResponse(text string) {
	b.t.Helper()
	b.await("waiting for the response to have "+text, `(text) => (`+readModel+`)('response.json')?.includes(text)`, text)
}

// Response is the text of the response pane.
func (b *Browser) Response() string {
	b.t.Helper()
	return run(b, "reading the response", chromedp.Evaluate[string](`(`+readModel+`)('response.json')`))
}

// AwaitWho waits until the strip above the editors has the text, such as the name of who is signed in.
func (b *Browser) AwaitWho(text string) {
	b.t.Helper()
	b.await("waiting for the strip to say "+text,
		`(text) => document.querySelector('.strip-who')?.textContent.includes(text)`, text)
}

// SignOut presses the button of the strip. AwaitWho tells when it is done.
func (b *Browser) SignOut() {
	b.t.Helper()
	b.do("signing out", chromedp.Click(chromedp.CSS(signOutButton)))
}

// Stored is what the browser keeps of the playground, as one text, once the tabs have been saved with this text in them: they are saved a
// moment after they change.
func (b *Browser) Stored(text string) string {
	b.t.Helper()
	b.await("waiting for the tabs to be saved with "+text, `(text) => localStorage.getItem('graphiql:tabState')?.includes(text)`, text)
	return run(b, "reading the browser's storage", chromedp.Evaluate[string](`Object.entries(localStorage).flat().join('\n')`))
}

func (b *Browser) write(model, text string) {
	b.t.Helper()
	b.do("writing "+model, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("(%s)(%s, %s)", writeModel, literal(model), literal(text))))
}

// literal is the text as a JavaScript literal: JSON is one.
func literal(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // no string fails
	}
	return string(encoded)
}
